import type { JsonObject } from '../../lib/json.ts';
import type { VariableOperation } from '../../profiles/environment.ts';

/** The value of a profile's entry with its templates rendered: text, or a reference that the kubelet resolves. */
export type ResolvedValue = { readonly text: string } | { readonly valueFrom: JsonObject };

export type ResolvedOperation = VariableOperation<ResolvedValue>;

export type ListOperation = Exclude<ResolvedOperation, { kind: 'set' | 'force' }>;

/** Adds text to a value; returns the value itself if it contains the text already. An empty value needs no separator. */
export function withAdded(value: string, added: string, operation: ListOperation): string {
  if (operation.kind === 'merge') return merged(value, added, operation);
  if (containsOption(value, added, operation.separator)) return value;
  if (value === '') return added;
  return operation.kind === 'append'
    ? `${value}${operation.separator}${added}`
    : `${added}${operation.separator}${value}`;
}

/**
 * An option that is present with another value (`-javaagent:/x.jar=a`, `-Dname=b`) counts as present: the existing value wins. An option with
 * two dashes may be repeated, and each occurrence has its own effect (`--require=a --require=b`, `--add-opens=…`).
 */
function containsOption(value: string, added: string, separator: string): boolean {
  const delimited = (text: string): string =>
    `${separator}${separator === ' ' ? text.trim().replaceAll(/\s+/g, ' ') : text}`;
  const [list, item] = [`${delimited(value)}${separator}`, delimited(added)];
  if (list.includes(`${item}${separator}`)) return true;
  if (!added.startsWith('-') || added.startsWith('--')) return false;
  const at = item.indexOf('=');
  const option = at < 0 ? item : item.slice(0, at);
  return list.includes(`${option}=`) || (at >= 0 && list.includes(`${option}${separator}`));
}

/** The author's pairs come last: a reference may bring any names, such as a variable from a ConfigMap, and of two pairs of one name the later one counts. */
function merged(
  value: string,
  added: string,
  { separator, assignment }: Extract<ListOperation, { kind: 'merge' }>,
): string {
  const nameOf = (pair: string): string => (pair.split(assignment)[0] ?? '').trim();
  const names = new Set(value.split(separator).map(nameOf));
  const missing = added.split(separator).filter((pair) => pair !== '' && !names.has(nameOf(pair)));
  if (missing.length === 0) return value;
  const pairs = missing.join(separator);
  return value === '' ? pairs : `${pairs}${separator}${value}`;
}
