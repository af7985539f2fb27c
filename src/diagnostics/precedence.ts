import { SETTINGS_OF_PROFILES, userSettingNames } from '../api/key-table.ts';
import type { Parameter } from '../api/profile/parameter.ts';
import { annotationsOf, type Container, containersOf, labelsOf } from '../kubernetes/pod.ts';
import type { Profile } from '../profiles/profile.ts';
import { sourceText } from '../reasons/message.ts';
import type { Source } from '../reasons/reason.ts';
import { readAnnotations } from '../settings/annotations.ts';
import { builtinValues } from '../settings/builtin-values.ts';
import { countsFrom, levelsFor } from '../settings/levels.ts';
import { type ParameterValue, valueChain } from '../settings/parameters.ts';
import { resolveSetting, settingChain, type SettingSources } from '../settings/resolve.ts';
import { appliedTarget } from '../settings/targets/applied.ts';
import { targetText } from '../settings/targets/target.ts';

/** One value of a setting, and its source. The first value that may be set at its source wins; `locked` values may not. */
export type ChainValue = Source & {
  readonly text: string;
  readonly state: 'wins' | 'overridden' | 'locked';
  /** A default that the cluster has not set itself. */
  readonly isBuiltIn?: true;
};

/** All values of one setting or parameter, the highest precedence first. */
export interface Chain {
  readonly setting: string;
  /** The container with its own annotation; absent if the chain applies to all containers. */
  readonly container?: string;
  readonly profile?: string;
  readonly values: readonly ChainValue[];
}

/** The chains of all settings that have a value, and of every parameter of the profiles. */
export function chainsFor(sources: SettingSources, profiles: readonly Profile[]): readonly Chain[] {
  const perProfile = profiles.flatMap(({ name }) => SETTINGS_OF_PROFILES.map((setting) => `${setting}.${name}`));
  const chains = [...userSettingNames, ...perProfile].flatMap((setting) =>
    scopesOf(sources, setting).map((container): Chain => {
      const levels = levelsFor(sources, setting);
      const values = [...settingChain(sources, setting, container?.name)].map((one) => ({
        ...one,
        allowed: one.source.from === 'profile' || countsFrom(one.source.from, levels, setting, sources),
      }));
      const isOwn = sources.catalogue.ownDefaults?.has(setting) === true;
      const marked = withStates(values).map((one) =>
        one.from === 'cluster' && !isOwn ? { ...one, isBuiltIn: true as const } : one,
      );
      return { setting, ...(container && { container: container.name }), values: marked };
    }),
  );
  const parameters = profiles.flatMap((profile) =>
    [...profile.parameters.values()].flatMap((parameter) =>
      scopesOf(sources, parameter.name).map((container) => parameterChain(sources, profile, parameter, container)),
    ),
  );
  return [...chains.filter(({ values }) => values.length > 0), ...parameters];
}

function scopesOf({ pod }: SettingSources, setting: string): readonly (Container | undefined)[] {
  const { byContainer } = readAnnotations(annotationsOf(pod));
  return [undefined, ...containersOf(pod).filter(({ name }) => byContainer.get(name)?.has(setting))];
}

function parameterChain(
  sources: SettingSources,
  profile: Profile,
  parameter: Parameter,
  container: Container | undefined,
): Chain {
  // A default may refer to the container's name: the first container stands for all.
  const builtins = builtinValues(sources, container ?? sources.pod.spec.containers[0] ?? { name: '' }, profile);
  const values = [...valueChain({ sources, profile, container: container?.name, builtins }, parameter)];
  return {
    setting: parameter.name,
    ...(container && { container: container.name }),
    profile: profile.name,
    values: withStates(values),
  };
}

function withStates(values: readonly ParameterValue[]): readonly ChainValue[] {
  const winner = values.findIndex(({ allowed }) => allowed);
  return values.map(({ text, source, allowed }, index) => ({
    ...source,
    text,
    state: index === winner ? 'wins' : allowed ? 'overridden' : 'locked',
  }));
}

/** A target that selects a pod. */
export interface SelectingTarget {
  /** `AgentTarget shop/java`. */
  readonly target: string;
  readonly profile: string;
  /** What decides instead; absent if the target applies. */
  readonly lostTo?: string;
}

/** The targets that select the pod, in order of precedence: one applies at most. */
export function selectingTargets(sources: SettingSources): readonly SelectingTarget[] {
  const { cluster, namespace, pod } = sources;
  const all = cluster.targets?.(namespace.name)?.all(namespace.labels, labelsOf(pod)) ?? [];
  const applied = appliedTarget(sources);
  const source = resolveSetting(sources, 'profile')?.source;
  const winner = applied ? targetText(applied) : source && sourceText(source);
  return all.map((one) => ({
    target: targetText(one),
    profile: one.settings.get('profile') ?? '',
    ...(one !== applied && winner !== undefined && { lostTo: winner }),
  }));
}
