import type { Catalogue } from './catalogue.ts';
import type { Cluster } from './cluster.ts';
import { has } from './json.ts';
import { containerKey, INJECTION_LABEL, key, keyTable, parseKey, PREFIX } from './keys.ts';
import type { Namespace } from './namespace.ts';
import { almostOurs } from './near-miss.ts';
import { nearest } from './nearest.ts';
import { accepts, expectation, type Parameter } from './parameter.ts';
import { annotationsOf, containersOf, labelsOf, type Pod } from './pod.ts';
import type { Profile } from './profile.ts';
import type { Reason } from './reasons.ts';
import { parseTemplate, render } from './template.ts';
import type { Trace } from './trace.ts';
import { words } from './words.ts';

/** Where a value comes from. */
export type Source =
  | { readonly from: 'container' | 'pod' | 'namespace' | 'cluster'; readonly key: string }
  | { readonly from: 'profile' };

/** A value as it was written, and where. */
export interface Setting {
  readonly text: string;
  readonly source: Source;
}

/** What everybody may write to, strongest first: the pod for one container, the pod, the namespace, the cluster's defaults. */
export interface Layers {
  readonly pod: Pod;
  readonly namespace: Namespace;
  readonly catalogue: Catalogue;
  readonly cluster: Cluster;
  /** Who wants to know how the decision comes about; nobody, in a server. */
  readonly trace?: Trace | undefined;
}

/** Who may say something: everybody, unless a profile says otherwise. */
type Setter = Exclude<Source['from'], 'profile'>;

/** The strongest value of a setting, or undefined where nobody set it. With a container, its own annotation comes first. */
export function lookUp(layers: Layers, setting: string, container?: string): Setting | undefined {
  return everySetting(layers, setting, container).next().value;
}

/** Every value of a setting, the strongest first. Of several names, each place is asked for the first one first. */
export function* everySetting(
  { pod, namespace, catalogue }: Layers,
  setting: string | readonly string[],
  container?: string,
): Generator<Setting, undefined> {
  const names = typeof setting === 'string' ? [setting] : setting;
  const annotations = annotationsOf(pod);
  if (container !== undefined)
    yield* foundIn(
      annotations,
      'container',
      names.map((name) => containerKey(name, container)),
    );
  yield* foundIn(annotations, 'pod', names.map(key));
  yield* foundIn(namespace.annotations, 'namespace', names.map(key));
  for (const name of names) {
    const text = catalogue.defaults.get(name);
    if (text !== undefined) yield { text, source: { from: 'cluster', key: name } };
  }
  return undefined;
}

function* foundIn(
  annotations: Readonly<Record<string, string>>,
  from: 'container' | 'pod' | 'namespace',
  keys: readonly string[],
): Generator<Setting, void> {
  for (const one of keys) if (has(annotations, one)) yield { text: annotations[one] ?? '', source: { from, key: one } };
}

export type Choice<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: Reason };

/** The `inject` annotation: `true` unless somebody says otherwise. */
export function wantsInjection(
  layers: Layers,
): Choice<{ readonly wanted: boolean; readonly source: Source | undefined }> {
  const setting = lookUp(layers, 'inject');
  const text = setting?.text ?? 'true';
  if (text === 'true' || text === 'false')
    return { ok: true, value: { wanted: text === 'true', source: setting?.source } };
  return { ok: false, reason: invalid('inject', setting, '"true" or "false"') };
}

// A pod can have thousands of containers, and a list of thousands of names for them all: it is read once.
const wordLists = new WeakMap<Layers, Map<string, readonly string[]>>();

function wordsIn(layers: Layers, text: string): readonly string[] {
  const known = wordLists.get(layers) ?? new Map<string, readonly string[]>();
  wordLists.set(layers, known);
  const read = known.get(text) ?? [...new Set(words(text))];
  known.set(text, read);
  return read;
}

/** The profiles that a container is to get, in the order written, each once. None is no error: `none` is a choice. */
export function profilesFor(layers: Layers, container: string): Choice<readonly Profile[]> {
  const setting = lookUp(layers, 'profile', container);
  const names = setting ? wordsIn(layers, setting.text) : [];
  if (!setting || names.length === 0 || (names.length === 1 && names[0] === 'none')) return { ok: true, value: [] };
  const profiles: Profile[] = [];
  for (const name of names) {
    const profile = layers.catalogue.profiles.get(name);
    if (!profile) {
      const suggestion = nearest(name, layers.catalogue.profiles.keys());
      return { ok: false, reason: { code: 'unknown-profile', name, source: setting.source, nearest: suggestion } };
    }
    profiles.push(profile);
  }
  return { ok: true, value: profiles };
}

/** A profile's parameters for one container: every one that has a value, each with its source. */
export type Parameters = ReadonlyMap<string, Setting>;

/** The bare values, for templates. */
export function textsOf(parameters: Parameters): ReadonlyMap<string, string> {
  return new Map([...parameters].map(([name, setting]) => [name, setting.text]));
}

/** The values of a profile's parameters, or the reason why not, and what was passed over on the way. */
export interface Resolved {
  readonly parameters: Choice<Parameters>;
  readonly notices: readonly Reason[];
}

/** Resolves and checks all parameters of a profile; the first that is missing or wrong is the reason. Defaults may refer to facts. */
export function parametersFor(
  layers: Layers,
  profile: Profile,
  container: string,
  facts: ReadonlyMap<string, string>,
): Resolved {
  const parameters = new Map<string, Setting>();
  const notices: Reason[] = [];
  for (const parameter of profile.parameters.values()) {
    const setting = firstAllowed(everyValue({ layers, profile, container, facts }, parameter), parameter.name, notices);
    if (setting) {
      if (!accepts(parameter, setting.text)) {
        const reason = invalid(parameter.name, setting, expectation(parameter));
        return { parameters: { ok: false, reason }, notices };
      }
      parameters.set(parameter.name, setting);
    } else if (parameter.required) {
      const reason: Reason = { code: 'missing-parameter', parameter: parameter.name, profile: profile.name };
      return { parameters: { ok: false, reason }, notices };
    }
  }
  return { parameters: { ok: true, value: parameters }, notices };
}

/** A value, and whether the profile lets whoever gives it give it. */
export interface GivenValue extends Setting {
  readonly allowed: boolean;
}

/** Whose parameters are asked for. */
export interface Asking {
  readonly layers: Layers;
  readonly profile: Profile;
  readonly container: string | undefined;
  readonly facts: ReadonlyMap<string, string>;
}

/**
 * Every value of a parameter, the strongest first, the profile's default last. The first one that is allowed counts. In each place
 * `<parameter>.<profile>` is stronger than `<parameter>`: two agents may mean different things by one name.
 */
export function* everyValue(
  { layers, profile, container, facts }: Asking,
  parameter: Parameter,
): Generator<GivenValue, undefined> {
  const names = [`${parameter.name}.${profile.name}`, parameter.name];
  for (const setting of everySetting(layers, names, container)) {
    const { source } = setting;
    yield { ...setting, allowed: source.from === 'profile' || isSetter(parameter.settableBy, source.from) };
  }
  const fallback = defaultOf(parameter.default, facts);
  if (fallback) yield { ...fallback, allowed: true };
  return undefined;
}

/** The strongest value of those who may give one; the others are told. */
function firstAllowed(values: Iterable<GivenValue>, parameter: string, notices: Reason[]): Setting | undefined {
  for (const { allowed, text, source } of values) {
    if (allowed) return { text, source };
    notices.push({ code: 'parameter-locked', parameter, source });
  }
  return undefined;
}

function isSetter(settableBy: readonly Setter[], from: Setter): boolean {
  return settableBy.includes(from);
}

function defaultOf(
  value: string | number | boolean | undefined,
  facts: ReadonlyMap<string, string>,
): Setting | undefined {
  if (value === undefined) return undefined;
  const text = typeof value === 'string' ? render(parseTemplate(value), facts) : String(value);
  return { text, source: { from: 'profile' } };
}

function invalid(setting: string, found: Setting | undefined, expected: string): Reason {
  const { text, source }: Setting = found ?? { text: '', source: { from: 'profile' } };
  return { code: 'invalid-value', setting, value: text, source, expected };
}

/** As many notices as are ever shown, and some: a pod can carry ten thousand annotations. */
export const MOST_NOTICES = 10;

/** Labels and annotations under our prefix that mean nothing, each with what would. The first few, when there are many. */
export function unknownKeysIn({ pod, namespace, catalogue }: Layers): readonly Reason[] {
  return [
    ...unknownLabels(labelsOf(pod)),
    ...unknownKeys(namespace.annotations, 'namespace', catalogue, pod),
    ...unknownKeys(annotationsOf(pod), 'pod', catalogue, pod),
  ];
}

function unknownLabels(labels: Readonly<Record<string, string>>): readonly Reason[] {
  const found: Reason[] = [];
  for (const label in labels) {
    if (found.length === MOST_NOTICES) break;
    const value = labels[label] ?? '';
    const almost = almostOurs(label);
    if (almost !== undefined) found.push({ code: 'unknown-label', label, value, expected: `write it as ${almost}` });
    if (!label.startsWith(`${PREFIX}/`)) continue;
    if (label !== INJECTION_LABEL) {
      found.push({ code: 'unknown-label', label, value, expected: 'settings are annotations' });
    } else if (value !== 'disabled' && value !== 'required') {
      found.push({ code: 'unknown-label', label, value, expected: 'it may be disabled or required' });
    }
  }
  return found;
}

/** Parameters, and the settings whose row says so, may be set for one container, on the pod. */
function perContainer(setting: string, on: 'namespace' | 'pod'): boolean {
  return on === 'pod' && keyTable.every((row) => row.name !== setting || row.on.includes('container'));
}

function unknownKeys(
  annotations: Readonly<Record<string, string>>,
  on: 'namespace' | 'pod',
  { knownSettings }: Catalogue,
  pod: Pod,
): readonly Reason[] {
  const found: Reason[] = [];
  let containers: ReadonlySet<string> | undefined;
  const names = (): ReadonlySet<string> => (containers ??= new Set(containersOf(pod).map(({ name }) => name)));
  for (const written in annotations) {
    const reason = unknownKey(written, on, knownSettings, names);
    if (reason) found.push(reason);
    if (found.length === MOST_NOTICES) break;
  }
  return found;
}

function unknownKey(
  written: string,
  on: 'namespace' | 'pod',
  known: Catalogue['knownSettings'],
  names: () => ReadonlySet<string>,
): Reason | undefined {
  const parsed = parseKey(written);
  if (!parsed) {
    const almost = almostOurs(written);
    return almost === undefined ? undefined : { code: 'unknown-annotation', key: written, on, nearest: almost };
  }
  const { setting, container } = parsed;
  if (!known.has(setting) || (container !== undefined && !perContainer(setting, on))) {
    return { code: 'unknown-annotation', key: written, on, nearest: nearest(setting, known) };
  }
  if (container === undefined || names().has(container)) return undefined;
  const source: Source = { from: on, key: written };
  return { code: 'container-not-found', pattern: container, source, nearest: nearest(container, names()) };
}
