/** `['spec', 'mounts', 0, 'path']` → `spec.mounts[0].path`; names with other characters than word characters and dashes are quoted. */
export function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      const name = String(step);
      if (!/^[\w-]+$/.test(name)) return `[${JSON.stringify(name)}]`;
      return index > 0 ? `.${name}` : name;
    })
    .join('');
}

/** Untrusted text in quotes, on one line and shortened. */
export function quote(text: string): string {
  return `"${oneLine(text, 40)}"`;
}

/**
 * Text on one line and of bounded length. Control characters (the API server drops a warning that has any, apimachinery pkg/util/net/http.go)
 * and halves of surrogate pairs become spaces; what is too long ends in an ellipsis.
 */
export function oneLine(text: string, maxLength: number): string {
  const head = text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text;
  return head.replaceAll(/[\p{Cc}\p{Cs}\p{Cf}\u2028\u2029]/gu, ' ');
}

/** The first of these, and how many more there are: `a, b and 3 more`. */
export function listed(texts: readonly string[], max: number): string {
  const more = texts.length - max;
  return `${texts.slice(0, max).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Splits comma-separated words, without spaces around them and without empty ones. */
export function splitList(text: string): readonly string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** 32 bits, each of which depends on every character: FNV-1a over UTF-16 code units. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return spread(hash);
}

/** The finalizer of MurmurHash3 for 32 bits: each bit of the unsigned result depends on every bit of the hash. */
export function spread(hash: number): number {
  const half = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const whole = Math.imul(half ^ (half >>> 13), 0xc2b2ae35);
  return (whole ^ (whole >>> 16)) >>> 0;
}
