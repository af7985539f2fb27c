import type { JsonObject } from '../../lib/json.ts';
import type { Operation } from '../../profiles/environment.ts';

/** An operation that adds to what its author wrote. */
export type Addition = Exclude<OwnOperation, { kind: 'set' | 'force' }>;

/** The author's value with ours added; the same text when ours is in it already. An empty value needs no separator. */
export function combined(value: string, ours: string, operation: Addition): string {
  if (operation.kind === 'merge') return merged(value, ours, operation);
  if (holdsWord(value, ours, operation.separator)) return value;
  if (value === '') return ours;
  return operation.kind === 'append'
    ? `${value}${operation.separator}${ours}`
    : `${ours}${operation.separator}${value}`;
}

/**
 * An option that is there with another value (`-javaagent:/x.jar=a`, `-Dname=b`) is there: its author's value counts. One with two dashes may
 * stand many times, each with an effect of its own (`--require=a --require=b`, `--add-opens=…`).
 */
function holdsWord(value: string, ours: string, separator: string): boolean {
  const spaced = (text: string): string =>
    `${separator}${separator === ' ' ? text.trim().replaceAll(/\s+/g, ' ') : text}`;
  const [there, wanted] = [`${spaced(value)}${separator}`, spaced(ours)];
  if (there.includes(`${wanted}${separator}`)) return true;
  if (!ours.startsWith('-') || ours.startsWith('--')) return false;
  const at = wanted.indexOf('=');
  const option = at < 0 ? wanted : wanted.slice(0, at);
  return there.includes(`${option}=`) || (at >= 0 && there.includes(`${option}${separator}`));
}

function merged(value: string, ours: string, { separator, assignment }: Extract<Addition, { kind: 'merge' }>): string {
  const nameOf = (pair: string): string => (pair.split(assignment)[0] ?? '').trim();
  const names = new Set(value.split(separator).map(nameOf));
  const missing = ours.split(separator).filter((pair) => pair !== '' && !names.has(nameOf(pair)));
  if (missing.length === 0) return value;
  const start = value === '' || value.endsWith(separator) ? value : `${value}${separator}`;
  return `${start}${missing.join(separator)}`;
}

/** A variable's value made: text for the container, or a reference for the kubelet. */
export type Value = { readonly text: string } | { readonly valueFrom: JsonObject };

export type OwnOperation = Operation<Value>;
