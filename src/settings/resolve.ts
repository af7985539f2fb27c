import type { ClusterState } from '../kubernetes/cluster-state.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import { annotationsOf, type Pod } from '../kubernetes/pod.ts';
import { nearest } from '../lib/suggest.ts';
import { splitList } from '../lib/text.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Result } from '../lib/result.ts';
import type { Reason, Setting, Source } from '../reasons/reason.ts';
import { readAnnotations, type AnnotationSetting } from './annotations.ts';

/** What everybody may write to, strongest first: the pod for one container, the pod, the namespace, the cluster's defaults. */
export interface SettingSources {
  readonly pod: Pod;
  readonly namespace: Namespace;
  readonly catalogue: Catalogue;
  readonly cluster: ClusterState;
}

/** The strongest value of a setting, or undefined where nobody set it. With a container, its own annotation comes first. */
export function resolveSetting(sources: SettingSources, setting: string, container?: string): Setting | undefined {
  const { pod, namespace, catalogue } = sources;
  const { common, single } = readAnnotations(annotationsOf(pod));
  return (
    (container === undefined ? undefined : settingIn(single.get(container), 'container', setting)) ??
    settingIn(common, 'pod', setting) ??
    settingIn(readAnnotations(namespace.annotations).common, 'namespace', setting) ??
    defaultIn(catalogue, setting)
  );
}

/** Every value of a setting, the strongest first. Of several names, each place is asked for the first one first. */
export function* settingChain(
  { pod, namespace, catalogue }: SettingSources,
  setting: string | readonly string[],
  container?: string,
): Generator<Setting, undefined> {
  const names = typeof setting === 'string' ? [setting] : setting;
  const { common, single } = readAnnotations(annotationsOf(pod));
  if (container !== undefined) yield* foundIn(single.get(container), 'container', names);
  yield* foundIn(common, 'pod', names);
  yield* foundIn(readAnnotations(namespace.annotations).common, 'namespace', names);
  for (const name of names) {
    const found = defaultIn(catalogue, name);
    if (found) yield found;
  }
  return undefined;
}

type Written = ReadonlyMap<string, AnnotationSetting> | undefined;

type Place = 'container' | 'pod' | 'namespace';

function* foundIn(written: Written, from: Place, names: readonly string[]): Generator<Setting, void> {
  for (const name of names) {
    const found = settingIn(written, from, name);
    if (found) yield found;
  }
}

function settingIn(written: Written, from: Place, name: string): Setting | undefined {
  const found = written?.get(name);
  return found && { text: found.text, source: { from, key: found.key } };
}

function defaultIn({ defaults }: Catalogue, name: string): Setting | undefined {
  const text = defaults.get(name);
  return text === undefined ? undefined : { text, source: { from: 'cluster', key: name } };
}

/** The `inject` annotation: `true` unless somebody says otherwise. */
export function wantsInjection(
  sources: SettingSources,
): Result<{ readonly wanted: boolean; readonly source: Source | undefined }, Reason> {
  const setting = resolveSetting(sources, 'inject');
  const text = setting?.text ?? 'true';
  if (text === 'true' || text === 'false')
    return { ok: true, value: { wanted: text === 'true', source: setting?.source } };
  return { ok: false, error: invalidSetting('inject', setting, '"true" or "false"') };
}

// A pod can have thousands of containers, and a list of thousands of names for them all: it is read once.
const wordLists = new WeakMap<SettingSources, Map<string, readonly string[]>>();

function wordsIn(sources: SettingSources, text: string): readonly string[] {
  const known = wordLists.get(sources) ?? new Map<string, readonly string[]>();
  wordLists.set(sources, known);
  const read = known.get(text) ?? [...new Set(splitList(text))];
  known.set(text, read);
  return read;
}

/** The profiles that a container is to get, in the order written, each once. None is no error: `none` is a choice. */
export function profilesFor(sources: SettingSources, container: string): Result<readonly Profile[], Reason> {
  const setting = resolveSetting(sources, 'profile', container);
  const names = setting ? wordsIn(sources, setting.text) : [];
  if (!setting || names.length === 0 || (names.length === 1 && names[0] === 'none')) return { ok: true, value: [] };
  const profiles: Profile[] = [];
  for (const name of names) {
    const profile = sources.catalogue.profiles.get(name);
    if (!profile) {
      const suggestion = nearest(name, sources.catalogue.profiles.keys());
      return { ok: false, error: { code: 'unknown-profile', name, source: setting.source, suggestion } };
    }
    profiles.push(profile);
  }
  return { ok: true, value: profiles };
}

/** The reason that a setting has a value that it cannot have. */
export function invalidSetting(setting: string, found: Setting | undefined, expected: string): Reason {
  const { text, source }: Setting = found ?? { text: '', source: { from: 'profile' } };
  return { code: 'invalid-value', setting, value: text, source, expected };
}
