import { readStream } from '../yaml.ts';

/**
 * The text without some of its documents; undefined if it would not parse to exactly the others. `---` at the start of a line always separates
 * documents, even in a string (YAML 1.2.2 §9.1.2).
 */
export function withoutDocuments(text: string, without: ReadonlySet<number>): string | undefined {
  if (without.size === 0) return text;
  const before = readStream(text);
  if (!before.ok) return undefined;
  const parts = text.split(/^(?=---(?:\s|$))/m);
  // What is before the first separator is a document only if there is more than comments in it.
  const hasLead = parts.length === before.value.length + 1;
  if (!hasLead && parts.length !== before.value.length) return undefined;
  const kept = parts.filter((_, index) => !without.has(hasLead ? index - 1 : index)).join('');
  const after = readStream(kept);
  const expected = before.value.filter((_, index) => !without.has(index)).map(({ json }) => json);
  const isExpected = after.ok && JSON.stringify(after.value.map(({ json }) => json)) === JSON.stringify(expected);
  return isExpected ? kept : undefined;
}
