// Looks for layouts that are broken without anything having failed.

/**
 * What is broken on the page as it is shown, one line each: texts that show their key or a hole that nothing filled, texts
 * that are cut off without an ellipsis, texts and controls that lie over each other. `keys` are those of the texts.
 * A page that scrolls sideways is looked for by `sideways`.
 */
export async function broken(page, keys) {
  return page.evaluate((keys) => {
    const MACHINE = 'code, pre, kbd, textarea, .mono, bdi, [aria-hidden="true"], .visually-hidden';
    // Less than this in both directions is how rounded corners and tall glyphs meet, in CSS pixels.
    const TOUCH = 3;
    const scope = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body;
    const styles = new Map();
    const style = (element) => styles.get(element) ?? styles.set(element, getComputedStyle(element)).get(element);
    const shown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true });
    const meet = (a, b) => ({
      left: Math.max(a.left, b.left),
      right: Math.min(a.right, b.right),
      top: Math.max(a.top, b.top),
      bottom: Math.min(a.bottom, b.bottom),
    });
    const clips = new Map();
    /** The part of the page in which the content of `element` can be seen. */
    function clip(element) {
      if (!element) return { left: -Infinity, right: Infinity, top: -Infinity, bottom: Infinity };
      const known = clips.get(element);
      if (known) return known;
      const { overflowX, overflowY, position } = style(element);
      const outer = position === 'fixed' ? clip(null) : clip(element.parentElement);
      const open = overflowX === 'visible' && overflowY === 'visible';
      const own = open || element === document.body || element === document.documentElement ? outer : meet(outer, element.getBoundingClientRect());
      clips.set(element, own);
      return own;
    }
    /** What `element` is painted with: things that float lie over others because they are meant to. */
    const layer = (element) => {
      for (let at = element; at && at !== scope; at = at.parentElement) {
        const { position, zIndex } = style(at);
        if (position === 'fixed' || position === 'sticky' || (position === 'absolute' && zIndex !== 'auto')) return at;
      }
      return scope;
    };
    const name = (element) => element.outerHTML.replace(/\s+/g, ' ').slice(0, 140);
    /** A button within a field. */
    const within = (one, other) => one.parentElement === other.parentElement && [one, other].some((at) => style(at).position === 'absolute');
    const found = new Set();

    const texts = [];
    const walker = document.createTreeWalker(scope, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      const text = node.data.trim();
      const element = node.parentElement;
      if (!text || !shown(element)) continue;
      if (!element.closest(MACHINE)) {
        if (keys.includes(text)) found.add(`key shown: ${text}`);
        if (/\{[a-z_]+\}/.test(text)) found.add(`hole shown: ${text}`);
      }
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const box of range.getClientRects()) {
        // Fonts are taller than their letters: the middle of the line is what is read.
        const middle = { left: box.left, right: box.right, top: box.top + box.height / 4, bottom: box.bottom - box.height / 4 };
        const seen = meet(middle, clip(element));
        if (seen.right - seen.left > 1 && seen.bottom - seen.top > 1) texts.push({ element, box: seen, layer: layer(element) });
        for (let at = element; at && at !== document.body; at = at.parentElement) {
          const { position, overflowX, overflowY, textOverflow, webkitLineClamp, clipPath } = style(at);
          if (position === 'fixed' || clipPath !== 'none' || webkitLineClamp !== 'none') break;
          const frame = at.getBoundingClientRect();
          const scrolls = (overflow) => overflow === 'auto' || overflow === 'scroll';
          if (scrolls(overflowX) || scrolls(overflowY)) break;
          const across = overflowX !== 'visible' && textOverflow !== 'ellipsis' && (middle.left < frame.left - 2 || middle.right > frame.right + 2);
          const along = overflowY !== 'visible' && (middle.top < frame.top || middle.bottom > frame.bottom);
          if (overflowX !== 'visible' && textOverflow === 'ellipsis') break;
          if (across || along) found.add(`cut off: "${text.slice(0, 60)}" in ${name(at)}`);
        }
      }
    }
    const controls = [...scope.querySelectorAll('a[href], button, input, select, textarea, summary')]
      .filter(shown)
      .map((element) => ({ element, box: meet(element.getBoundingClientRect(), clip(element)), layer: layer(element) }));
    for (const things of [texts, controls]) {
      things.sort((one, other) => one.box.top - other.box.top);
      things.forEach((one, index) => {
        for (const other of things.slice(index + 1)) {
          if (other.box.top > one.box.bottom) break;
          if (one.layer !== other.layer || one.element.contains(other.element) || other.element.contains(one.element)) continue;
          if (within(one.element, other.element)) continue;
          const { left, right, top, bottom } = meet(one.box, other.box);
          if (right - left > TOUCH && bottom - top > TOUCH) found.add(`overlap: ${name(one.element)} and ${name(other.element)}`);
        }
      });
    }
    return [...found];
  }, keys);
}
