import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

/** Needed before signing in. */
const BASE =
  /lucide\/svelte\/dist\/(?!icons)|icons\/(circle-alert|eye|eye-off|languages|moon|sun)\.|src\/lib\/(client|i18n|idn|locale|location|password|preferences|problem|resource|router|session|storage|theme)\b|src\/ui\/(Field|Mark|PasswordField)\.|src\/app\/(App|Preferences|Gate|start)\b/;
/** The shell, and what nearly every page in it uses. */
const SHELL =
  /src\/app\/(Shell|Sidebar|TopBar|navigation|routes)\b|src\/lib\/(actors|ago|changes|clock|events|format|guard|jobs|overlays|pending|quiet|title|toast)\b|src\/ui\/(Ago|CopyButton|Empty|Evidence|JobState|Loading|PageHead|ProblemNotice|Progress|Rich|Segments|SiteState)\.|icons\/(activity|ban|book-open|check|chevron-right|circle-check|clock|copy|download|ellipsis|ellipsis-vertical|file-pen|globe|layout-dashboard|list-checks|loader-circle|menu|package|pause|plus|scroll-text|search|triangle-alert|undo-2|users|x)\./;

export default defineConfig({
  plugins: [svelte({ compilerOptions: { runes: true } })],
  build: {
    outDir: '../dist',
    emptyOutDir: true,
    target: 'baseline-widely-available',
    // No data: URLs and no inline scripts: the content security policy allows neither.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Read by scripts/size.mjs to add up what a page loads.
    manifest: true,
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // What nearly every page needs comes in two files instead of dozens of very small ones, which compress badly.
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            { name: 'base', test: BASE, priority: 2 },
            { name: 'shell', test: SHELL, priority: 1 },
          ],
        },
      },
    },
  },
  server: {
    proxy: { '/api': process.env.MANARA_API ?? 'http://127.0.0.1:9080' },
  },
});
