import { annotationsOf, type Pod } from '../../kubernetes/pod.ts';
import { type ConditionContext, isMet } from '../../profiles/condition.ts';
import type { DeclaredValue, EnvironmentEntry } from '../../profiles/environment.ts';
import type { Profile } from '../../profiles/profile.ts';
import {
  type Escape,
  escapeForKubelet,
  parametersOf,
  render,
  splitTemplate,
  type Template,
} from '../../profiles/template.ts';
import { variablesFrom, variablesParametersOf } from '../../profiles/variables/further.ts';
import type { ResolvedEntry } from './entry.ts';
import type { ResolvedValue } from './merge.ts';

/** The entries of a profile that apply, with their values; and the variables that a parameter adds to them. */
export function resolveEntries(profile: Profile, conditions: ConditionContext, pod: Pod): readonly ResolvedEntry[] {
  const { values } = conditions;
  const escapes = escapesFor(profile);
  const { escape } = escapes;
  const entries = profile.environment.flatMap((entry): readonly ResolvedEntry[] => {
    if (!isMet(entry.when, conditions)) return [];
    const { name, group, operation } = entry;
    if (operation.kind !== 'merge')
      return [{ name, group, operation: { ...operation, value: resolvedValue(operation.value, values, escape) } }];
    const text = pairsText(operation, values, escapes, pod);
    return text === '' ? [] : [{ name, group, operation: { ...operation, value: { text } } }];
  });
  return withFurther(profile, values, entries);
}

function resolvedValue(value: DeclaredValue, values: ReadonlyMap<string, string>, escape: Escape): ResolvedValue {
  if ('text' in value) return { text: render(value.text, values, escape) };
  // Only what is merged has pairs.
  if ('pairs' in value) return { text: '' };
  const fields = [...value.fields].map(([field, template]) => [field, render(template, values)] as const);
  return { valueFrom: { [value.reference]: { ...Object.fromEntries(fields), ...value.rest } } };
}

type Merge = Extract<EnvironmentEntry['operation'], { kind: 'merge' }>;

/** The assignments of an entry. One of which a part has no value is left out. */
function pairsText(
  { separator, assignment, value }: Merge,
  values: ReadonlyMap<string, string>,
  escapes: Escapes,
  pod: Pod,
): string {
  if ('text' in value) {
    const pairs = pairsOf(value.text, separator).filter((pair) => parametersOf(pair).every((name) => values.has(name)));
    return pairs.map((pair) => renderPair(pair, assignment, values, escapes)).join(separator);
  }
  if (!('pairs' in value)) return '';
  const form = { separator, assignment };
  return 'prefix' in value.pairs
    ? annotatedText(pod, value.pairs.prefix, form)
    : textOf(pairsIn(values.get(value.pairs.parameter) ?? ''), form);
}

/** A parameter in the value of an assignment must not begin another one; a parameter may be a list as a whole. */
function renderPair(
  pair: Template,
  assignment: string,
  values: ReadonlyMap<string, string>,
  { escape, encode }: Escapes,
): string {
  const name = 1 + pair.findIndex((part) => typeof part === 'string' && part.includes(assignment));
  if (name === 0) return render(pair, values, escape);
  return render(pair.slice(0, name), values, escape) + render(pair.slice(name), values, encode);
}

type ListForm = Pick<Merge, 'separator' | 'assignment'>;

/** The annotations of the pod with the prefix, as assignments. */
export function annotatedText(pod: Pod, prefix: string, form: ListForm): string {
  return textOf(annotatedPairs(pod, prefix), form);
}

/** Leaves out what would begin another part of the list. */
function textOf(given: readonly Pair[], { separator, assignment }: ListForm): string {
  const breaks = (text: string): boolean => text.includes(separator) || text.includes(assignment);
  return given
    .filter(([name, text]) => !breaks(name) && !breaks(text))
    .map(([name, text]) => `${escapeForKubelet(name)}${assignment}${escapeForKubelet(text)}`)
    .join(separator);
}

const knownPairs = new WeakMap<Template, readonly Template[]>();

function pairsOf(template: Template, separator: string): readonly Template[] {
  const found = knownPairs.get(template) ?? splitTemplate(template, separator);
  knownPairs.set(template, found);
  return found;
}

type Pair = readonly [name: string, value: string];

/** Characters of a value, as of a parameter. */
const MAX_VALUE = 1024;

/** Characters of all pairs. A program is not started with a variable of 128 KiB (MAX_ARG_STRLEN of Linux), and a pod can have thousands of containers. */
const MAX_PAIRS = 16 * 1024;

const annotated = new WeakMap<Pod, Map<string, readonly Pair[]>>();

/** The same for all containers of a pod, so they are made once. */
function annotatedPairs(pod: Pod, prefix: string): readonly Pair[] {
  const byPrefix = annotated.get(pod) ?? new Map<string, readonly Pair[]>();
  annotated.set(pod, byPrefix);
  const pairs = byPrefix.get(prefix) ?? findPairs(pod, prefix);
  byPrefix.set(prefix, pairs);
  return pairs;
}

/** In the order of their names: that of annotations has no meaning. Values are percent-encoded as W3C Baggage requires, and as SDKs decode them. */
function findPairs(pod: Pod, prefix: string): readonly Pair[] {
  const annotations = annotationsOf(pod);
  const keys = Object.keys(annotations).filter((key) => key.startsWith(prefix));
  let length = 0;
  return keys.toSorted().flatMap((key): readonly Pair[] => {
    const text = annotations[key] ?? '';
    if (text === '' || text.length > MAX_VALUE) return [];
    const pair: Pair = [key.slice(prefix.length), percentEncoded(text)];
    length += pair[0].length + pair[1].length;
    return length > MAX_PAIRS ? [] : [pair];
  });
}

/** Leaves what most values consist of as it is, so that they read the same in the pod. A lone surrogate has no encoding. */
function percentEncoded(text: string): string {
  return text.replaceAll(/\p{Surrogate}/gu, '\uFFFD').replaceAll(/[^\w.:/@+!*()-]/gu, encodeURIComponent);
}

function pairsIn(text: string): readonly Pair[] {
  return text.split(',').flatMap((pair): readonly Pair[] => {
    const at = pair.indexOf('=');
    return at < 0 ? [] : [[pair.slice(0, at), pair.slice(at + 1).replaceAll(BARE_PERCENT, '%25')]];
  });
}

/** Who writes a list encodes what would begin another part of it, and seldom a percent sign. */
const BARE_PERCENT = /%(?![\dA-Fa-f]{2})/g;

interface Escapes {
  readonly escape: Escape;
  /** Also makes it the value of an assignment. */
  readonly encode: Escape;
}

const knownEscapes = new WeakMap<Profile, Escapes>();

/** Values are text for the kubelet; but a variant is a text of the profile, and the values of some parameters may refer to variables of the profile. */
function escapesFor(profile: Profile): Escapes {
  const known = knownEscapes.get(profile);
  if (known) return known;
  const variants = new Set(profile.variants.map(({ name }) => name));
  const references = new Map(
    [...profile.parameters.values()].flatMap((one) =>
      'references' in one && one.references ? [[one.name, one.references] as const] : [],
    ),
  );
  const escape: Escape = (value, name) => {
    if (variants.has(name)) return value;
    const allowed = references.get(name);
    return allowed ? escapeExcept(value, allowed) : escapeForKubelet(value);
  };
  const encode: Escape = (value, name) =>
    variants.has(name) || references.has(name) ? escape(value, name) : percentEncoded(value);
  const made = { escape, encode };
  knownEscapes.set(profile, made);
  return made;
}

function escapeExcept(value: string, references: readonly string[]): string {
  return value.replaceAll(/\$\(([^()]*)\)|\$/g, (found, name?: string) =>
    name !== undefined && references.includes(name) ? found : escapeForKubelet(found),
  );
}

/** A user's variable stands in for the plain text of the profile; all others follow. */
function withFurther(
  profile: Profile,
  values: ReadonlyMap<string, string>,
  entries: readonly ResolvedEntry[],
): readonly ResolvedEntry[] {
  const parameters = variablesParametersOf(profile);
  if (parameters.length === 0) return entries;
  const further = new Map(parameters.flatMap(({ name }) => [...variablesFrom(values.get(name) ?? '')]));
  if (further.size === 0) return entries;
  const own = new Set(entries.map(({ name }) => name));
  return [
    ...entries.map((entry) => {
      const text = further.get(entry.name);
      return text === undefined ? entry : furtherEntry(entry.name, text);
    }),
    ...[...further].flatMap(([name, text]) => (own.has(name) ? [] : [furtherEntry(name, text)])),
  ];
}

function furtherEntry(name: string, text: string): ResolvedEntry {
  const value = { text: escapeForKubelet(text) };
  return { name, group: undefined, operation: { kind: 'set', compare: 'exact', value } };
}
