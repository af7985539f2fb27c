import { keyTable } from '../api/keys.ts';
import type { Parameter } from '../api/profile/parameter.ts';
import { annotationsOf, type Container, containersOf } from '../kubernetes/pod.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Source } from '../reasons/reason.ts';
import { readAnnotations } from '../settings/annotations.ts';
import { builtinValues } from '../settings/builtin-values.ts';
import { valueChain, type ParameterValue } from '../settings/parameters.ts';
import { settingChain, type SettingSources } from '../settings/resolve.ts';

/** One value of a chain, and its source: the first that is allowed wins and overrides the others. */
export type ChainValue = Source & {
  readonly text: string;
  readonly state: 'wins' | 'overridden' | 'locked';
};

/** All that is said about one setting or parameter, the strongest first. */
export interface Chain {
  readonly setting: string;
  /** Where a container has an annotation of its own; else it is about all containers. */
  readonly container?: string;
  /** The profile whose parameter it is. */
  readonly profile?: string;
  readonly values: readonly ChainValue[];
}

/** The chains of all settings that somebody set, and of every parameter of these profiles. */
export function chainsFor(sources: SettingSources, profiles: readonly Profile[]): readonly Chain[] {
  const settings = keyTable.filter(({ as, name }) => as === 'annotation' && name !== 'status').map(({ name }) => name);
  const perProfile = profiles.map(({ name }) => `containers.${name}`);
  const chains = [...settings, ...perProfile].flatMap((setting) =>
    placesFor(sources, setting).map((container) => chainOfSetting(sources, setting, container)),
  );
  const parameters = profiles.flatMap((profile) =>
    [...profile.parameters.values()].flatMap((parameter) =>
      placesFor(sources, parameter.name).map((container) => parameterChain(sources, profile, parameter, container)),
    ),
  );
  return [...chains.filter(({ values }) => values.length > 0), ...parameters];
}

/** The pod as a whole, and the containers for which an annotation says something else. */
function placesFor({ pod }: SettingSources, setting: string): readonly (Container | undefined)[] {
  const { single } = readAnnotations(annotationsOf(pod));
  return [undefined, ...containersOf(pod).filter(({ name }) => single.get(name)?.has(setting))];
}

function chainOfSetting(sources: SettingSources, setting: string, container: Container | undefined): Chain {
  const values = [...settingChain(sources, setting, container?.name)].map((one) => ({ ...one, allowed: true }));
  return { setting, ...(container && { container: container.name }), values: judged(values) };
}

function parameterChain(
  sources: SettingSources,
  profile: Profile,
  parameter: Parameter,
  container: Container | undefined,
): Chain {
  // A default may refer to the container's name: the first one stands for all.
  const facts = builtinValues(sources, container ?? firstOf(sources));
  const values = [...valueChain({ sources, profile, container: container?.name, builtins: facts }, parameter)];
  return {
    setting: parameter.name,
    ...(container && { container: container.name }),
    profile: profile.name,
    values: judged(values),
  };
}

function firstOf({ pod }: SettingSources): Container {
  return pod.spec.containers[0] ?? { name: '' };
}

function judged(values: readonly ParameterValue[]): readonly ChainValue[] {
  const winner = values.findIndex(({ allowed }) => allowed);
  return values.map(({ text, source, allowed }, index) => ({
    ...source,
    text,
    state: index === winner ? 'wins' : allowed ? 'overridden' : 'locked',
  }));
}
