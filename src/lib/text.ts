/** `['spec', 'mounts', 0, 'path']` → `spec.mounts[0].path`; a step that is no plain word stands in quotes. */
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

/** Text from outside, shown so that its edges are seen and it cannot grow or play tricks on a terminal. */
export function quote(text: string): string {
  return `"${oneLine(text, 40)}"`;
}

/**
 * Text on one line and of bounded length: control characters (which make the API server drop a warning, apimachinery pkg/util/net/http.go)
 * and halves of surrogate pairs become blanks; what is too long ends in an ellipsis.
 */
export function oneLine(text: string, most: number): string {
  const head = text.length > most ? `${text.slice(0, most - 1)}…` : text;
  return head.replaceAll(/[\p{Cc}\p{Cs}\p{Cf}\u2028\u2029]/gu, ' ');
}

/** Comma-separated words; blanks around them do not count, nor do empty ones. */
export function splitList(text: string): readonly string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
