import { withAdded } from '../../injection/env/merge.ts';
import type { EnvironmentEntry } from '../../profiles/environment.ts';
import type { Template } from '../../profiles/template.ts';

/**
 * The value of a variable before a profile's entries were added to it: adding them again gives the same text. Entries are removed in reverse order, each
 * once; their templates tell the added part from the author's. Undefined if no entry is found in the value.
 */
export function valueBefore(value: string, entries: readonly EnvironmentEntry[]): string | undefined {
  // A parameter's value rarely contains the separator.
  return withoutEntries(value, entries, 'word') ?? withoutEntries(value, entries, 'text');
}

type ParameterKind = 'word' | 'text';

function withoutEntries(
  value: string,
  entries: readonly EnvironmentEntry[],
  parameter: ParameterKind,
): string | undefined {
  let text = value;
  let found = false;
  for (const { operation } of entries.toReversed()) {
    if (operation.kind === 'set' || operation.kind === 'force' || !('text' in operation.value)) continue;
    const before = withoutEntry(text, operation, operation.value.text, parameter);
    if (before === undefined) continue;
    text = before;
    found = true;
  }
  return found ? text : undefined;
}

type Addition = Exclude<EnvironmentEntry['operation'], { kind: 'set' | 'force' }>;

function withoutEntry(
  value: string,
  operation: Addition,
  template: Template,
  parameter: ParameterKind,
): string | undefined {
  const { separator, kind } = operation;
  const pattern = parameter === 'text' ? '[^]*' : `(?:(?!${escaped(separator)})[^])*`;
  const isAdded = kind === 'merge' ? pairsOf(template, separator, pattern) : wholeOf(template, pattern);
  for (const [before, added] of splits(value, operation))
    if (isAdded(added) && withAdded(before, added, { ...operation, value: { text: added } }) === value) return before;
  return undefined;
}

/** Every split into the author's part and the added part, the likeliest first: the shortest addition of an option, the longest of pairs. */
function* splits(value: string, { separator, kind }: Addition): Generator<readonly [string, string]> {
  const parts = value.split(separator);
  for (let count = 1; count <= parts.length; count++) {
    const at = kind === 'append' ? parts.length - count : kind === 'prepend' ? count : count - 1;
    const [head, tail] = [parts.slice(0, at).join(separator), parts.slice(at).join(separator)];
    yield kind === 'prepend' ? [tail, head] : [head, tail];
  }
}

type Test = (text: string) => boolean;

function wholeOf(template: Template, parameter: string): Test {
  const parts = template.map((part) => (typeof part === 'string' ? escaped(part) : parameter));
  const whole = new RegExp(`^${parts.join('')}$`);
  return (text) => whole.test(text);
}

/** Of a merged list of pairs, any subset may have been added. */
function pairsOf(template: Template, separator: string, parameter: string): Test {
  const text = template.map((part) => (typeof part === 'string' ? part : '\u0000')).join('');
  const pairs = text
    .split(separator)
    .map((pair) => new RegExp(`^${pair.split('\u0000').map(escaped).join(parameter)}$`));
  return (added) => added.split(separator).every((one) => pairs.some((pair) => pair.test(one)));
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}
