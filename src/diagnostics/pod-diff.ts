import {
  annotationsOf,
  type Container,
  containersOf,
  type EnvVar,
  labelsOf,
  type Pod,
  type Volume,
  type VolumeMount,
} from '../kubernetes/pod.ts';
import { objectsIn } from '../lib/json.ts';

/** A changed variable. `before` is absent for a new or renamed one. */
export interface VariableChange {
  readonly name: string;
  readonly before?: EnvVar;
  readonly after: EnvVar;
}

export interface ContainerChange {
  readonly container: string;
  readonly environment: readonly VariableChange[];
  readonly mounts: readonly VolumeMount[];
}

export interface PodChanges {
  readonly containers: readonly ContainerChange[];
  readonly initContainers: readonly Container[];
  readonly volumes: readonly Volume[];
  readonly annotations: readonly { readonly name: string; readonly before?: string; readonly after: string }[];
  readonly labels: PodChanges['annotations'];
  readonly imagePullSecrets: readonly string[];
}

/** Compares a pod with the injected pod. An injection only adds and replaces. */
export function podChanges(before: Pod, after: Pod): PodChanges {
  const known = new Map(containersOf(before).map((one) => [one.name, one]));
  const volumes = new Set((before.spec.volumes ?? []).map(({ name }) => name));
  const secrets = secretsOf(before);
  return {
    containers: containersOf(after).flatMap((container) => changedContainer(known.get(container.name), container)),
    initContainers: (after.spec.initContainers ?? []).filter(({ name }) => !known.has(name)),
    volumes: (after.spec.volumes ?? []).filter(({ name }) => !volumes.has(name)),
    annotations: changedTexts(annotationsOf(before), annotationsOf(after)),
    labels: changedTexts(labelsOf(before), labelsOf(after)),
    imagePullSecrets: secretsOf(after).filter((name) => !secrets.includes(name)),
  };
}

function changedContainer(before: Container | undefined, after: Container): readonly ContainerChange[] {
  if (!before) return [];
  const environment = changedVariables(before.env ?? [], after.env ?? []);
  const mounts = (after.volumeMounts ?? []).slice(before.volumeMounts?.length ?? 0);
  return environment.length + mounts.length > 0 ? [{ container: after.name, environment, mounts }] : [];
}

/** Walks both lists together: unchanged variables are in both, in the same order. */
function changedVariables(before: readonly EnvVar[], after: readonly EnvVar[]): readonly VariableChange[] {
  const changes: VariableChange[] = [];
  let at = 0;
  for (const entry of after) {
    const old = before[at];
    if (old && (old === entry || JSON.stringify(old) === JSON.stringify(entry))) at++;
    else if (old?.name === entry.name) {
      changes.push({ name: entry.name, before: old, after: entry });
      at++;
    } else changes.push({ name: entry.name, after: entry });
  }
  return changes;
}

function changedTexts(
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

function secretsOf({ spec }: Pod): readonly string[] {
  return objectsIn(spec, 'imagePullSecrets').flatMap(({ name }) => (typeof name === 'string' ? [name] : []));
}
