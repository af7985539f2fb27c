import { containerKey, key, type Level } from '../../api/keys.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import type { Pod } from '../../kubernetes/pod.ts';
import { levelsFor } from '../../settings/levels.ts';
import type { Catalogue } from '../../profiles/catalogue.ts';
import { type Cel, quoted } from '../cel.ts';

/** A value that a policy looks up is a list: empty, or the text and where it comes from, as records have it. */
export const UNSET: Cel = '[]';

export function valueFrom(text: Cel, from: string): Cel {
  return `[string(${text}), ${quoted(from)}]`;
}

/** The value under a key, else the rest. */
export function orElse(map: Cel, name: Cel, from: string, rest: Cel): Cel {
  return `${name} in ${map} ? ${valueFrom(`${map}[${name}]`, from)} : (${rest})`;
}

const POD: Pod = { spec: { containers: [] } };

const NAMESPACE: Namespace = { name: '', labels: {}, annotations: {} };

/** The levels of a setting where no agent is required. */
export function levelsOf(catalogue: Catalogue, setting: string): readonly Level[] {
  return levelsFor({ pod: POD, namespace: NAMESPACE, cluster: NOTHING, catalogue }, setting);
}

const NOTHING = { kubernetes: undefined, configMapKeys: () => undefined };

export interface Lookup {
  readonly names: readonly string[];
  readonly levels: readonly Level[];
  /** True where the container is `c`. */
  readonly perContainer: boolean;
  /** Between the annotations of the pod and those of the namespace. */
  readonly facts?: (rest: Cel) => Cel;
  /** What applies where no annotation says it. */
  readonly otherwise: Cel;
}

function common(name: string): Cel {
  return quoted(key(name));
}

function ofContainer(name: string): Cel {
  return `(${quoted(containerKey(name, ''))} + c.name)`;
}

/** The order of settings/resolve.ts: the container, the pod, its facts, the namespace, and then what the exporter says. */
export function lookup({ names, levels, perContainer, facts = (rest) => rest, otherwise }: Lookup): Cel {
  const within = (map: Cel, from: Level, nameOf: (name: string) => Cel, rest: Cel): Cel =>
    levels.includes(from) ? names.reduceRight((inner, name) => orElse(map, nameOf(name), from, inner), rest) : rest;
  const namespace = within('variables.namespaceAnnotations', 'namespace', common, otherwise);
  const pod = within('variables.podAnnotations', 'pod', common, levels.includes('pod') ? facts(namespace) : namespace);
  if (!perContainer) return pod;
  return within('variables.podAnnotations', 'container', ofContainer, pod);
}

/** A setting that is no parameter. */
export function settingLookup(catalogue: Catalogue, names: readonly string[], perContainer = false): Cel {
  const [first = ''] = names;
  const text = names.map((name) => catalogue.defaults.get(name)).find((one) => one !== undefined);
  return lookup({
    names,
    levels: levelsOf(catalogue, first),
    perContainer,
    otherwise: text === undefined ? UNSET : valueFrom(quoted(text), 'cluster'),
  });
}
