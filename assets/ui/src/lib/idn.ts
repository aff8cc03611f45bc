// Domains in their two forms: the one for people, and the ASCII one of the protocols.

/** The ASCII form of a domain as somebody typed it, by the browser's own rules; what is no domain stays as it is. */
export function asciiDomain(typed: string): string {
  try {
    return new URL(`http://${typed.trim()}`).hostname;
  } catch {
    return typed.trim();
  }
}

/** A domain for people: `xn--mgbh0fb.test` → `مثال.test`. Any other text stays as it is. */
export function readableDomain(text: string): string {
  return text
    .split('.')
    .map((label) => (label.startsWith('xn--') ? decode(label.slice(4)) || label : label))
    .join('.');
}

// Parameters of Punycode (RFC 3492 §5).
const BASE = 36;
const [T_MIN, T_MAX, SKEW, DAMP] = [1, 26, 38, 700];
const [FIRST_BIAS, FIRST_CODE] = [72, 0x80];

/** RFC 3492 §6.1. */
function adapt(change: number, length: number, first: boolean): number {
  let delta = Math.floor(change / (first ? DAMP : 2));
  delta += Math.floor(delta / length);
  let bias = 0;
  for (; delta > ((BASE - T_MIN) * T_MAX) / 2; bias += BASE) delta = Math.floor(delta / (BASE - T_MIN));
  return bias + Math.floor(((BASE - T_MIN + 1) * delta) / (delta + SKEW));
}

/** RFC 3492 §6.2; null for what is not Punycode. */
function decode(label: string): string | null {
  const end = label.lastIndexOf('-');
  const out = [...label.slice(0, Math.max(end, 0))];
  let [position, code, bias, at] = [0, FIRST_CODE, FIRST_BIAS, end + 1];
  while (at < label.length) {
    const before = position;
    for (let weight = 1, k = BASE; ; k += BASE) {
      const digit = /^[a-z0-9]$/.test(label[at] ?? '') ? (parseInt(label[at] as string, 36) + 26) % 36 : NaN;
      at += 1;
      position += digit * weight;
      const threshold = Math.min(Math.max(k - bias, T_MIN), T_MAX);
      if (!(digit >= threshold)) break;
      weight *= BASE - threshold;
    }
    const length = out.length + 1;
    bias = adapt(position - before, length, before === 0);
    code += Math.floor(position / length);
    if (!(code <= 0x10ffff)) return null;
    position %= length;
    out.splice(position, 0, String.fromCodePoint(code));
    position += 1;
  }
  return out.join('');
}
