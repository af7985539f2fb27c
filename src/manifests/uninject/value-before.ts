import { withAdded } from '../../injection/env/merge.ts';
import { annotatedText } from '../../injection/env/resolve-entries.ts';
import type { Pod } from '../../kubernetes/pod.ts';
import type { EnvironmentEntry } from '../../profiles/environment.ts';
import { parametersOf, splitTemplate, type Template } from '../../profiles/template.ts';

/**
 * The value of a variable before a profile's entries were added to it: adding them again gives the same text. Entries are removed in reverse order, each
 * once; their templates tell the added part from the author's. Undefined if no entry is found in the value, or if one cannot be told from the author's.
 */
export function valueBefore(
  value: string,
  entries: readonly EnvironmentEntry[],
  injection: Injection,
): string | undefined {
  // A parameter's value rarely contains the separator.
  return (
    withoutEntries(value, entries, { ...injection, parameter: 'word' }) ??
    withoutEntries(value, entries, { ...injection, parameter: 'text' })
  );
}

interface Injection {
  /** Name of the container. */
  readonly container: string;
  readonly pod: Pod;
  /** The parameters that had no value, so that nothing was made of them. */
  readonly unset: ReadonlySet<string>;
}

interface Given extends Injection {
  readonly parameter: 'word' | 'text';
}

function withoutEntries(value: string, entries: readonly EnvironmentEntry[], given: Given): string | undefined {
  let text = value;
  let found = false;
  for (const { operation } of entries.toReversed()) {
    if (operation.kind === 'set' || operation.kind === 'force') continue;
    const { value: added } = operation;
    if ('pairs' in added && 'parameter' in added.pairs) {
      // What a parameter said was written elsewhere, perhaps.
      if (given.unset.has(added.pairs.parameter)) continue;
      return undefined;
    }
    const template = templateOf(operation, given);
    const before = template && withoutEntry(text, operation, template, given);
    if (before === undefined) continue;
    text = before;
    found = true;
  }
  return found ? text : undefined;
}

/** What annotations say is in the pod. */
function templateOf(operation: Addition, { pod }: Given): Template | undefined {
  const { value } = operation;
  if ('text' in value) return value.text;
  if (!('pairs' in value) || !('prefix' in value.pairs) || operation.kind !== 'merge') return undefined;
  return [annotatedText(pod, value.pairs.prefix, operation)];
}

type Addition = Exclude<EnvironmentEntry['operation'], { kind: 'set' | 'force' }>;

function withoutEntry(
  value: string,
  operation: Addition,
  template: Template,
  { parameter, container, unset }: Given,
): string | undefined {
  const { separator, kind } = operation;
  const pattern = parameter === 'text' ? '[^]*' : `(?:(?!${escaped(separator)})[^])*`;
  const patternOf = (name: string): string => (name === 'container.name' ? escaped(container) : pattern);
  const isAdded =
    kind === 'merge' ? pairsOf(template, operation.separator, { patternOf, unset }) : wholeOf(template, patternOf);
  for (const [before, added] of splits(value, operation, template))
    if (isAdded(added) && withAdded(before, added, { ...operation, value: { text: added } }) === value) return before;
  return undefined;
}

/** Every split into the author's part and the added part, the likeliest first: the shortest addition of an option, the longest of pairs. */
function* splits(
  value: string,
  { separator, kind }: Addition,
  template: Template,
): Generator<readonly [string, string]> {
  const parts = value.split(separator);
  // Where all pairs are a parameter's, only one of two can be told to be the author's.
  if (kind === 'merge' && !template.some((part) => typeof part === 'string')) {
    const [first = '', second = '', ...others] = parts;
    if (others.length === 0) yield [second, first];
    return;
  }
  for (let count = 1; count <= parts.length; count++) {
    const at = kind === 'append' ? parts.length - count : kind === 'prepend' ? count : parts.length - count + 1;
    const [head, tail] = [parts.slice(0, at).join(separator), parts.slice(at).join(separator)];
    yield kind === 'append' ? [head, tail] : [tail, head];
  }
}

type Test = (text: string) => boolean;

type PatternOf = (parameter: string) => string;

function wholeOf(template: Template, patternOf: PatternOf): Test {
  const whole = new RegExp(`^${regexOf(template, patternOf)}$`);
  return (text) => whole.test(text);
}

/** Of a merged list of pairs, any subset may have been added, in the order of the template. */
function pairsOf(
  template: Template,
  separator: string,
  { patternOf, unset }: { readonly patternOf: PatternOf; readonly unset: ReadonlySet<string> },
): Test {
  const pairs = splitTemplate(template, separator)
    .filter((pair) => !parametersOf(pair).some((name) => unset.has(name)))
    .map((pair) => new RegExp(`^${regexOf(pair, patternOf)}$`));
  return (added) => {
    let next = 0;
    return added.split(separator).every((text) => {
      const found = pairs.findIndex((pair, index) => index >= next && pair.test(text));
      next = found + 1;
      return found >= 0;
    });
  };
}

function regexOf(template: Template, patternOf: PatternOf): string {
  return template.map((part) => (typeof part === 'string' ? escaped(part) : patternOf(part.parameter))).join('');
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}
