import {
  annotationsOf,
  type Container,
  type EnvVar,
  type Pod,
  type Volume,
  type VolumeMount,
} from '../kubernetes/pod.ts';
import { isObject, type Json } from '../lib/json.ts';

/** What became of one variable: before and after; only one of them where it is new, or was given another name. */
export interface VariableChange {
  readonly name: string;
  readonly before?: EnvVar;
  readonly after?: EnvVar;
}

export interface ContainerChange {
  readonly container: string;
  /** In the order in which they stand in the container. */
  readonly environment: readonly VariableChange[];
  readonly mounts: readonly VolumeMount[];
}

/** What an injection did to a pod, for people: what is new, and what is different. */
export interface PodChanges {
  readonly containers: readonly ContainerChange[];
  readonly initContainers: readonly Container[];
  readonly volumes: readonly Volume[];
  readonly annotations: readonly { readonly name: string; readonly before?: string; readonly after: string }[];
  readonly imagePullSecrets: readonly string[];
}

/** The difference between a pod and the same pod after operations of ours, which only add and replace. */
export function podChanges(before: Pod, after: Pod): PodChanges {
  const [old, now] = [before.spec.initContainers ?? [], after.spec.initContainers ?? []];
  const known = new Map([...before.spec.containers, ...old].map((one) => [one.name, one]));
  const volumes = new Set((before.spec.volumes ?? []).map(({ name }) => name));
  const secrets = secretsOf(before);
  return {
    containers: [...after.spec.containers, ...now].flatMap((container): readonly ContainerChange[] => {
      const one = known.get(container.name);
      return one ? changedContainer(one, container) : [];
    }),
    initContainers: now.filter(({ name }) => !known.has(name)),
    volumes: (after.spec.volumes ?? []).filter(({ name }) => !volumes.has(name)),
    annotations: changedAnnotations(annotationsOf(before), annotationsOf(after)),
    imagePullSecrets: secretsOf(after).filter((name) => !secrets.includes(name)),
  };
}

function changedContainer(before: Container, after: Container): readonly ContainerChange[] {
  const environment = changedVariables(before.env ?? [], after.env ?? []);
  const mounts = (after.volumeMounts ?? []).slice(before.volumeMounts?.length ?? 0);
  return environment.length + mounts.length > 0 ? [{ container: after.name, environment, mounts }] : [];
}

/** Both lists are gone through together: what we did not touch stands in both, in the same order. */
function changedVariables(before: readonly EnvVar[], after: readonly EnvVar[]): readonly VariableChange[] {
  const changes: VariableChange[] = [];
  let at = 0;
  for (const entry of after) {
    const old = before[at];
    if (old && isSame(old, entry)) at++;
    else if (old?.name === entry.name) {
      changes.push({ name: entry.name, before: old, after: entry });
      at++;
    } else changes.push({ name: entry.name, after: entry });
  }
  return changes;
}

function isSame(one: Json, other: Json): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

function changedAnnotations(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): PodChanges['annotations'] {
  return Object.entries(after)
    .filter(([name, value]) => before[name] !== value)
    .map(([name, value]) => {
      const old = before[name];
      return { name, ...(old !== undefined && { before: old }), after: value };
    });
}

function secretsOf(pod: Pod): readonly string[] {
  const list = pod.spec['imagePullSecrets'];
  if (!Array.isArray(list)) return [];
  return list.flatMap((one: Json) => (isObject(one) && typeof one['name'] === 'string' ? [one['name']] : []));
}
