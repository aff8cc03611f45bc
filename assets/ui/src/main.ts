import './styles/fonts.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/content.css';
import { mount } from 'svelte';
import App from './app/App.svelte';
import { setLang } from './lib/locale.svelte';
import { startNavigation } from './lib/location.svelte';

startNavigation();
try {
  await setLang(document.documentElement.lang === 'ar' ? 'ar' : 'en');
  mount(App, { target: document.body.querySelector('#app')! });
} catch (cause) {
  // Without texts nothing can be worded: the page itself has the few words that are needed.
  document.getElementById('unloaded')!.hidden = false;
  throw cause;
}
