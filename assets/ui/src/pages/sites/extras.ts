// What the list of sites needs a moment after its rows, as one chunk.
export { switchSite } from '../../lib/sites';
export { Selection } from '../../lib/selection.svelte';
export { onPaper } from '../../lib/paper';
export { listKeys } from '../../lib/listkeys';
export { keepPlace } from './place';
export { default as SavedViews } from '../../ui/SavedViews.svelte';
export { default as DeleteSite } from '../site/DeleteSite.svelte';
export { default as BulkBar } from './BulkBar.svelte';
export { default as NoSites } from './NoSites.svelte';
