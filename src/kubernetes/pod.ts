import { isObject, type Json, type JsonObject } from '../lib/json.ts';

/**
 * A Pod as far as we look at it. Every object is open: what we do not know, we carry along untouched, so a field that Kubernetes invents
 * tomorrow survives. Lists may be null, as hand-written YAML has them.
 */
export interface Pod extends JsonObject {
  readonly metadata?: Metadata | null;
  readonly spec: PodSpec;
}

/** What of a pod says whose it is. */
export type Named = Pick<Pod, 'metadata'>;

export interface Metadata extends JsonObject {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly labels?: StringMap | null;
  readonly annotations?: StringMap | null;
}

export interface StringMap extends JsonObject {
  readonly [key: string]: string;
}

export interface PodSpec extends JsonObject {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[] | null;
  readonly volumes?: readonly Volume[] | null;
  readonly nodeSelector?: StringMap | null;
  readonly os?: JsonObject | null;
}

export interface Container extends JsonObject {
  readonly name: string;
  readonly env?: readonly EnvVar[] | null;
  readonly volumeMounts?: readonly VolumeMount[] | null;
}

export interface EnvVar extends JsonObject {
  readonly name: string;
  /** Absent when the value comes by `valueFrom`; absent and no `valueFrom` is the empty string. */
  readonly value?: string;
}

export interface Volume extends JsonObject {
  readonly name: string;
}

export interface VolumeMount extends JsonObject {
  readonly name: string;
  readonly mountPath: string;
}

export type ContainerList = 'containers' | 'initContainers';

const NONE: StringMap = Object.freeze({});

export function labelsOf(pod: Named): StringMap {
  return pod.metadata?.labels ?? NONE;
}

export function annotationsOf(pod: Named): StringMap {
  return pod.metadata?.annotations ?? NONE;
}

/** Every container of the pod: app containers first, then init containers and native sidecars. */
export function containersOf({ spec }: Pod): readonly Container[] {
  return [...spec.containers, ...(spec.initContainers ?? [])];
}

export type DecodedPod =
  | { readonly ok: true; readonly pod: Pod }
  /** Where in the object, as `kubectl explain` writes paths, and what should be there. */
  | { readonly ok: false; readonly path: string; readonly expected: string };

type Fault = { readonly path: string; readonly expected: string } | undefined;

type Check = (value: Json | undefined, path: string) => Fault;

const text: Check = (value, path) => (typeof value === 'string' ? undefined : { path, expected: 'a string' });

const name: Check = (value, path) =>
  typeof value === 'string' && value !== '' ? undefined : { path, expected: 'a non-empty string' };

const absentOr =
  (check: Check): Check =>
  (value, path) =>
    value === undefined || value === null ? undefined : check(value, path);

const stringMap: Check = (value, path) => {
  if (!isObject(value)) return { path, expected: 'an object' };
  for (const key of Object.keys(value)) {
    if (typeof value[key] !== 'string') return { path: `${path}[${JSON.stringify(key)}]`, expected: 'a string' };
  }
  return undefined;
};

const fields =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value, path) => {
    if (!isObject(value)) return { path, expected: 'an object' };
    for (const key in checks) {
      const fault = checks[key]?.(value[key], path === '' ? key : `${path}.${key}`);
      if (fault) return fault;
    }
    return undefined;
  };

const listOf =
  (check: Check, least: number): Check =>
  (value, path) => {
    if (!Array.isArray(value)) return { path, expected: 'a list' };
    if (value.length < least) return { path, expected: 'a list with at least one element' };
    for (let index = 0; index < value.length; index++) {
      const fault = check(value[index], `${path}[${index}]`);
      if (fault) return fault;
    }
    return undefined;
  };

const containerShape = fields({
  name,
  env: absentOr(listOf(fields({ name, value: absentOr(text) }), 0)),
  volumeMounts: absentOr(listOf(fields({ name, mountPath: name }), 0)),
});

const podShape = fields({
  metadata: absentOr(
    fields({
      name: absentOr(text),
      generateName: absentOr(text),
      namespace: absentOr(text),
      labels: absentOr(stringMap),
      annotations: absentOr(stringMap),
    }),
  ),
  spec: fields({
    containers: listOf(containerShape, 1),
    initContainers: absentOr(listOf(containerShape, 0)),
    volumes: absentOr(listOf(fields({ name }), 0)),
    nodeSelector: absentOr(stringMap),
    os: absentOr(fields({})),
  }),
});

/** Parses untrusted JSON to a Pod, checking just the shape that later code relies on. Nothing is copied or dropped. */
export function decodePod(value: Json | undefined): DecodedPod {
  const fault = podShape(value, '');
  if (fault) return { ok: false, path: fault.path === '' ? 'object' : fault.path, expected: fault.expected };
  // podShape has just proven this shape; an open interface cannot be built from checks without copying the pod.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { ok: true, pod: value as Pod };
}

export function imageOf(container: Container): string {
  const { image } = container;
  return typeof image === 'string' ? image : '';
}
