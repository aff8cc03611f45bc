import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

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
  },
  server: {
    proxy: { '/api': process.env.MANARA_API ?? 'http://127.0.0.1:9080' },
  },
});
