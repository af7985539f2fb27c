/** `key: value` per line, as labels and annotations are written in YAML; quotes around a value are left out. */
export function readKeyLines(text: string): Readonly<Record<string, string>> {
  const entries = text.split('\n').flatMap((line) => {
    const at = line.search(/:(?:\s|$)|=/);
    const key = line.slice(0, Math.max(at, 0)).trim();
    return key === '' || key.startsWith('#') ? [] : [[unquoted(key), unquoted(line.slice(at + 1).trim())] as const];
  });
  return Object.fromEntries(entries);
}

export function keyLines(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}: ${value}`)
    .join('\n');
}

function unquoted(text: string): string {
  const [, quote, inner = ''] = /^(["'])(.*)\1$/s.exec(text) ?? [];
  return quote === undefined ? text : inner;
}
