import type { ClusterState, PodTarget } from '../kubernetes/cluster-state.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import { annotationsOf, type Pod } from '../kubernetes/pod.ts';
import type { Result } from '../lib/result.ts';
import type { Level } from '../api/keys.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import type { Reason, Setting, Source } from '../reasons/reason.ts';
import { readAnnotations, type AnnotationSetting } from './annotations.ts';
import { countsFrom, levelsFor } from './levels.ts';
import { settingValues } from './setting-values.ts';
import { appliedTarget } from './targets/applied.ts';

/**
 * The sources of settings. The first one in this table that has a setting wins:
 *
 * | `from`      | source                                                                    |
 * | ----------- | ------------------------------------------------------------------------- |
 * | `container` | pod annotation `<setting>.agent-injector.io/<container>`                  |
 * | `pod`       | pod annotation `agent-injector.io/<setting>`                              |
 * | `pod`       | labels and annotations in a parameter's `from` (parameters only)          |
 * | `target` | the AgentTarget that applies: one at most (targets/applied.ts) |
 * | `namespace` | namespace annotation `agent-injector.io/<setting>`                        |
 * | `cluster-target` | the ClusterAgentTarget that applies, if no AgentTarget does |
 * | `cluster`   | `defaults` in the configuration file                                      |
 * | `profile`   | default of the parameter in the profile (parameters only: parameters.ts)  |
 *
 * Within a source, `<parameter>.<profile>` wins over `<parameter>`. The exceptions are in levels.ts.
 */
export interface SettingSources {
  readonly pod: Pod;
  readonly namespace: Namespace;
  readonly catalogue: Catalogue;
  readonly cluster: ClusterState;
  /** True if the API server calls the path for required pods, whatever the labels say. */
  readonly required?: boolean | undefined;
  /** The targets that select the pod, if they were looked up before (targets/selected.ts). */
  readonly targets?: readonly PodTarget[] | undefined;
}

/** The value that wins; undefined if the setting is not set. Settings for one container apply only if it is given. */
export function resolveSetting(sources: SettingSources, setting: string, container?: string): Setting | undefined {
  const { pod, namespace, catalogue } = sources;
  const { common, byContainer } = readAnnotations(annotationsOf(pod));
  const levels = levelsFor(sources, setting);
  const settable = (from: AnnotationLevel, settings: Settings): Setting | undefined =>
    levels.includes(from) ? settingIn(settings, from, setting) : undefined;
  const target = appliedTarget(sources, container);
  const targeted = (scope: PodTarget['scope']): Setting | undefined => {
    const found = targetSetting(target, scope, setting);
    return found && countsFrom(found.source.from, levels, setting, sources) ? found : undefined;
  };
  return (
    (container === undefined ? undefined : settable('container', byContainer.get(container))) ??
    settable('pod', common) ??
    targeted('namespace') ??
    settable('namespace', readAnnotations(namespace.annotations).common) ??
    targeted('cluster') ??
    (levels.includes('cluster') ? defaultIn(catalogue, setting) : undefined)
  );
}

/**
 * All values of a setting in order of precedence. With several names, each source is searched for them in this order. `facts` is what the pod says in
 * other words than ours.
 */
export function* settingChain(
  sources: SettingSources,
  setting: string | readonly string[],
  container?: string,
  facts: Iterable<Setting> = [],
): Generator<Setting, undefined> {
  const { pod, namespace, catalogue } = sources;
  const target = appliedTarget(sources, container);
  const names = typeof setting === 'string' ? [setting] : setting;
  const { common, byContainer } = readAnnotations(annotationsOf(pod));
  if (container !== undefined) yield* settingsIn(byContainer.get(container), 'container', names);
  yield* settingsIn(common, 'pod', names);
  yield* facts;
  yield* targetSettings(target, 'namespace', names);
  yield* settingsIn(readAnnotations(namespace.annotations).common, 'namespace', names);
  yield* targetSettings(target, 'cluster', names);
  for (const name of names) {
    const found = defaultIn(catalogue, name);
    if (found) yield found;
  }
  return undefined;
}

type Settings = ReadonlyMap<string, AnnotationSetting> | undefined;

type AnnotationLevel = Exclude<Level, 'cluster'>;

function* settingsIn(settings: Settings, from: AnnotationLevel, names: readonly string[]): Generator<Setting, void> {
  for (const name of names) {
    const found = settingIn(settings, from, name);
    if (found) yield found;
  }
}

function settingIn(settings: Settings, from: AnnotationLevel, name: string): Setting | undefined {
  const found = settings?.get(name);
  return found && { text: found.text, source: { from, key: found.key } };
}

function* targetSettings(
  target: PodTarget | undefined,
  scope: PodTarget['scope'],
  names: readonly string[],
): Generator<Setting, void> {
  for (const name of names) {
    const found = targetSetting(target, scope, name);
    if (found) yield found;
  }
}

function targetSetting(target: PodTarget | undefined, scope: PodTarget['scope'], setting: string): Setting | undefined {
  const text = target?.scope === scope ? target.settings.get(setting) : undefined;
  if (target === undefined || text === undefined) return undefined;
  return { text, source: { from: scope === 'namespace' ? 'target' : 'cluster-target', key: target.name } };
}

function defaultIn({ defaults }: Catalogue, name: string): Setting | undefined {
  const text = defaults.get(name);
  return text === undefined ? undefined : { text, source: { from: 'cluster', key: name } };
}

export function wantsInjection(
  sources: SettingSources,
): Result<{ readonly wanted: boolean; readonly source: Source | undefined }, Reason> {
  const setting = resolveSetting(sources, 'inject');
  const text = setting?.text ?? 'true';
  const { accepts, expected } = settingValues.inject;
  return accepts(text)
    ? { ok: true, value: { wanted: text === 'true', source: setting?.source } }
    : { ok: false, error: invalidSetting('inject', setting, expected) };
}

export function invalidSetting(setting: string, found: Setting | undefined, expected: string): Reason {
  const { text, source }: Setting = found ?? { text: '', source: { from: 'profile' } };
  return { code: 'invalid-value', setting, value: text, source, expected };
}
