import { isObject, type Json, type JsonObject, objectIn, textIn } from '../lib/json.ts';
import type { Result } from '../lib/result.ts';
import { OPENSHIFT_SCC_ANNOTATION } from './labels.ts';

/**
 * The fields of a Pod that are used. All objects are open, so unknown fields, such as those of later Kubernetes versions, are preserved. Lists
 * may be null, as in hand-written YAML.
 */
export interface Pod extends JsonObject {
  readonly metadata?: Metadata | null;
  readonly spec: PodSpec;
}

export type HasMetadata = Pick<Pod, 'metadata'>;

export interface Metadata extends JsonObject {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly labels?: StringMap | null;
  readonly annotations?: StringMap | null;
}

interface StringMap extends JsonObject {
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
  /** Absent with `valueFrom`; without either, the value is the empty string. */
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

export function labelsOf(pod: HasMetadata): StringMap {
  return pod.metadata?.labels ?? NONE;
}

export function annotationsOf(pod: HasMetadata): StringMap {
  return pod.metadata?.annotations ?? NONE;
}

/** All containers of the pod: app containers first, then init containers and native sidecars. */
export function containersOf({ spec }: Pod): readonly Container[] {
  return [...spec.containers, ...(spec.initContainers ?? [])];
}

/** Names of the PersistentVolumeClaims that the volumes use. */
export function claimsOf(volumes: PodSpec['volumes']): readonly string[] {
  return (volumes ?? []).flatMap((volume) => {
    const claim = textIn(objectIn(volume, 'persistentVolumeClaim'), 'claimName');
    return claim === '' ? [] : [claim];
  });
}

/** A field that is not as it should be: its path, as `kubectl explain` writes it, and the expected type. */
export interface PodFault {
  readonly path: string;
  readonly expected: string;
}

type Check = (value: Json | undefined, path: string) => PodFault | undefined;

const text: Check = (value, path) => (typeof value === 'string' ? undefined : { path, expected: stringFor(value) });

/** YAML 1.1, which kubectl reads, takes an unquoted y for true. */
function stringFor(value: Json | undefined): string {
  const isScalar = typeof value === 'boolean' || typeof value === 'number';
  return isScalar ? `a string, not ${value}: write it in quotes` : 'a string';
}

const name: Check = (value, path) =>
  typeof value === 'string' && value !== '' ? undefined : { path, expected: 'a non-empty string' };

const absentOr =
  (check: Check): Check =>
  (value, path) =>
    value === undefined || value === null ? undefined : check(value, path);

const stringMap: Check = (value, path) => {
  if (!isObject(value)) return { path, expected: 'an object' };
  for (const key of Object.keys(value)) {
    const one = value[key];
    if (typeof one !== 'string') return { path: `${path}[${JSON.stringify(key)}]`, expected: stringFor(one) };
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
  (check: Check, minimum: number): Check =>
  (value, path) => {
    if (!Array.isArray(value)) return { path, expected: 'a list' };
    if (value.length < minimum) return { path, expected: 'a list with at least one element' };
    for (let index = 0; index < value.length; index++) {
      const fault = check(value[index], `${path}[${index}]`);
      if (fault) return fault;
    }
    return undefined;
  };

/** The entry of a variable has four levels. An API server drops unknown fields, but other callers need not. */
const MAX_DEPTH = 64;

const shallow: Check = (value, path) =>
  isDeeper(value, MAX_DEPTH) ? { path, expected: `nested at most ${MAX_DEPTH} levels deep` } : undefined;

function isDeeper(value: Json | undefined, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((element) => isDeeper(element, levels - 1));
}

const entryFields = fields({ name, value: absentOr(text) });

/** A patch may repeat an entry, and only that: everything else is left as it is, and compared by identity. */
const entryShape: Check = (value, path) => entryFields(value, path) ?? shallow(value, path);

const containerShape = fields({
  name,
  env: absentOr(listOf(entryShape, 0)),
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

/** Parses untrusted JSON as a Pod. It checks only the structure that other code relies on, and copies and drops nothing. */
export function decodePod(value: Json | undefined): Result<Pod, PodFault> {
  const fault = podShape(value, '');
  if (fault) return { ok: false, error: { path: fault.path === '' ? 'object' : fault.path, expected: fault.expected } };
  // podShape has proven this structure; an open interface cannot be built from checks without copying the pod.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { ok: true, value: value as Pod };
}

export function imageOf(container: Container): string {
  const { image } = container;
  return typeof image === 'string' ? image : '';
}

/** The name and the tag of the image, without registry, folders and digest. */
export function imageNameOf(container: Container): string {
  const image = imageOf(container);
  return image.slice(image.lastIndexOf('/') + 1).split('@', 1)[0] ?? '';
}

/** The Windows options in the security context of a pod or a container. */
export function windowsOptionsOf({ securityContext }: PodSpec | Container): JsonObject | undefined {
  const options = isObject(securityContext) ? securityContext['windowsOptions'] : undefined;
  return isObject(options) ? options : undefined;
}

/** True for a pod that has ended or is being deleted. */
export function hasEnded(pod: Pod): boolean {
  const phase = textIn(objectIn(pod, 'status'), 'phase');
  return phase === 'Succeeded' || phase === 'Failed' || pod.metadata?.['deletionTimestamp'] !== undefined;
}

/** True if OpenShift has applied SecurityContextConstraints to the pod, which it does before webhooks are called. */
export function isOnOpenShift(pod: HasMetadata): boolean {
  return annotationsOf(pod)[OPENSHIFT_SCC_ANNOTATION] !== undefined;
}
