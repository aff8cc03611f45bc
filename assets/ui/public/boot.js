// Runs before the first paint, so that language, direction and theme never flash. A file of its own: the content
// security policy allows no inline script. Storage may be forbidden by the browser, hence the guards.
(function () {
  function stored(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  }
  var root = document.documentElement;
  var lang = stored('manara.lang');
  if (lang !== 'ar' && lang !== 'en') lang = navigator.language.indexOf('ar') === 0 ? 'ar' : 'en';
  var theme = stored('manara.theme');
  if (theme !== 'dark' && theme !== 'light') theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  // The program itself did not come: what the page has to say about it is in the page.
  addEventListener('error', function (event) {
    var unloaded = document.getElementById('unloaded');
    if (event.target instanceof HTMLScriptElement && unloaded) unloaded.hidden = false;
  }, true);
  root.lang = lang;
  root.dir = lang === 'ar' ? 'rtl' : 'ltr';
  root.dataset.theme = theme;
})();
