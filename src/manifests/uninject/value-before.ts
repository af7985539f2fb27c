import { combined } from '../../injection/env/merge.ts';
import type { EnvironmentEntry } from '../../profiles/environment.ts';
import type { Template } from '../../profiles/template.ts';

/**
 * What a variable held before entries of a profile were added to it: the same operations, carried out on what is given back, make the same
 * text. Undefined where the text is not one that they make. What of it was the author's is told by the profile's templates: its entries come
 * off in their order, the last one first, each once.
 */
export function valueBefore(value: string, entries: readonly EnvironmentEntry[]): string | undefined {
  // A parameter hardly ever has the separator in it.
  return takenApart(value, entries, 'word') ?? takenApart(value, entries, 'text');
}

/** What a parameter may be in a value. */
type Parameter = 'word' | 'text';

function takenApart(value: string, entries: readonly EnvironmentEntry[], parameter: Parameter): string | undefined {
  let text = value;
  let found = false;
  for (const { operation } of entries.toReversed()) {
    if (operation.kind === 'set' || operation.kind === 'force' || !('text' in operation.value)) continue;
    const before = without(text, operation, operation.value.text, parameter);
    if (before === undefined) continue;
    text = before;
    found = true;
  }
  return found ? text : undefined;
}

type Addition = Exclude<EnvironmentEntry['operation'], { kind: 'set' | 'force' }>;

function without(value: string, operation: Addition, template: Template, parameter: Parameter): string | undefined {
  const { separator, kind } = operation;
  const pattern = parameter === 'text' ? '[^]*' : `(?:(?!${escaped(separator)})[^])*`;
  const isOurs = kind === 'merge' ? pairsOf(template, separator, pattern) : wholeOf(template, pattern);
  for (const [before, ours] of splits(value, operation, isOurs)) {
    // The table of operations is one over values of any kind; here they are text.
    if (combined(before, ours, { ...operation, value: { text: ours } }) === value) return before;
  }
  return undefined;
}

/** Every way to take the value for the author's part and ours, the likeliest first: of an option the shortest of ours, of pairs the longest. */
function* splits(value: string, { separator, kind }: Addition, isOurs: Test): Generator<readonly [string, string]> {
  const parts = value.split(separator);
  for (let count = 1; count <= parts.length; count++) {
    const at = kind === 'append' ? parts.length - count : kind === 'prepend' ? count : count - 1;
    const [head, tail] = [parts.slice(0, at).join(separator), parts.slice(at).join(separator)];
    const [author, ours] = kind === 'prepend' ? [tail, head] : [head, tail];
    if (isOurs(ours)) yield [author, ours];
  }
}

type Test = (text: string) => boolean;

function wholeOf(template: Template, parameter: string): Test {
  const parts = template.map((part) => (typeof part === 'string' ? escaped(part) : parameter));
  const whole = new RegExp(`^${parts.join('')}$`);
  return (text) => whole.test(text);
}

/** Of a list of pairs that is merged, any of its pairs may have been missing. */
function pairsOf(template: Template, separator: string, parameter: string): Test {
  const text = template.map((part) => (typeof part === 'string' ? part : '\u0000')).join('');
  const pairs = text
    .split(separator)
    .map((pair) => new RegExp(`^${pair.split('\u0000').map(escaped).join(parameter)}$`));
  return (tail) => tail.split(separator).every((one) => pairs.some((pair) => pair.test(one)));
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}
