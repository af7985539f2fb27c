import { parseKey, PREFIX, STATUS_ANNOTATION } from '../../api/keys.ts';
import { MIRROR_POD_ANNOTATION, OPENSHIFT_SCC_ANNOTATION } from '../../kubernetes/labels.ts';
import { attributeKindOf, ownerOf, workloadNameOf } from '../../kubernetes/owner.ts';
import {
  annotationsOf,
  type Container,
  type EnvVar,
  labelsOf,
  type Metadata,
  type Pod,
  type PodSpec,
  type Volume,
} from '../../kubernetes/pod.ts';
import { isObject, type JsonObject } from '../../lib/json.ts';
import { readAnnotations } from '../../settings/annotations.ts';
import { misspelledKey } from '../../settings/misspelled-keys.ts';
import { isRequestKey } from '../../settings/agent-requests.ts';
import { selectedTargets } from '../../settings/targets/selected.ts';
import type { Catalogue } from '../../profiles/catalogue.ts';
import type { InjectionContext } from '../context.ts';
import { sampleOf } from './owner-sample.ts';
import { type VisibleParts, visiblePartsOf } from './visible-parts.ts';

/** Places in a container's `env`: where each element of the shape's list begins in the pod's list, and the length of the pod's list. */
export interface Places {
  readonly starts: readonly number[];
  readonly length: number;
}

/** A pod without the parts that no rule can tell apart. Every rule has the same result for a pod and for its shape, so pods of one shape get one plan. */
export interface PodShape {
  readonly pod: Pod;
  readonly places: { readonly containers: readonly Places[]; readonly initContainers: readonly Places[] };
}

/**
 * Takes out of a pod what no rule can see; undefined for a pod with a status, whose text may name any part. What is not known to be invisible
 * stays: it makes for more shapes, and for no wrong one.
 */
export function shapeOf(context: InjectionContext): PodShape | undefined {
  const { pod, namespace, catalogue } = context;
  if (annotationsOf(pod)[STATUS_ANNOTATION] !== undefined) return undefined;
  const parts = visiblePartsOf(catalogue);
  const isWhole =
    selectsByVariable(annotationsOf(pod)) ||
    selectsByVariable(namespace.annotations) ||
    selectedTargets(context).some(({ settings }) => [...settings].some(([name, text]) => isSelection(name, text))) ||
    selectsByDefault(catalogue);
  const { containers, initContainers, volumes, ...rest } = pod.spec;
  const apps = containers.map((container) => containerShape(container, parts, isWhole));
  const inits = (initContainers ?? []).map((container) => containerShape(container, parts, isWhole));
  const all = [...apps, ...inits].map(({ container }) => container);
  const spec: PodSpec = {
    ...without(rest, INVISIBLE_IN_PODS),
    containers: apps.map(({ container }) => container),
    ...(initContainers && { initContainers: inits.map(({ container }) => container) }),
    ...(volumes && { volumes: visibleVolumes(volumes, all, parts) }),
  };
  return {
    pod: { metadata: metadataShape(pod, parts), spec },
    places: { containers: apps.map(({ places }) => places), initContainers: inits.map(({ places }) => places) },
  };
}

const INVISIBLE_IN_PODS: ReadonlySet<string> = new Set([
  'activeDeadlineSeconds',
  'dnsConfig',
  'dnsPolicy',
  'enableServiceLinks',
  'hostAliases',
  'hostname',
  'preemptionPolicy',
  'priority',
  'priorityClassName',
  'readinessGates',
  'restartPolicy',
  'schedulerName',
  'serviceAccount',
  'serviceAccountName',
  'subdomain',
  'terminationGracePeriodSeconds',
  'tolerations',
  'topologySpreadConstraints',
]);

const INVISIBLE_IN_CONTAINERS: ReadonlySet<string> = new Set([
  'imagePullPolicy',
  'lifecycle',
  'livenessProbe',
  'ports',
  'readinessProbe',
  'resizePolicy',
  'startupProbe',
  'stdin',
  'stdinOnce',
  'terminationMessagePath',
  'terminationMessagePolicy',
  'tty',
  'workingDir',
]);

function without(fields: JsonObject, invisible: ReadonlySet<string>): JsonObject {
  const visible: Record<string, JsonObject[string]> = {};
  for (const name in fields) if (!invisible.has(name)) visible[name] = fields[name];
  return visible;
}

/** True if a setting selects containers by a variable, which may have any name. */
function selectsByVariable(annotations: Readonly<Record<string, string>>): boolean {
  const { common, byContainer } = readAnnotations(annotations);
  if (common.size + byContainer.size === 0) return false;
  return [common, ...byContainer.values()].some((settings) =>
    [...settings].some(([name, { text }]) => isSelection(name, text)),
  );
}

const selecting = new WeakMap<Catalogue, boolean>();

function selectsByDefault(catalogue: Catalogue): boolean {
  const known = selecting.get(catalogue) ?? [...catalogue.defaults].some(([name, text]) => isSelection(name, text));
  selecting.set(catalogue, known);
  return known;
}

function isSelection(setting: string, text: string): boolean {
  return setting.startsWith('containers') && text.includes('env:');
}

function containerShape(
  container: Container,
  parts: VisibleParts,
  isWhole: boolean,
): { readonly container: Container; readonly places: Places } {
  const { env, volumeMounts, name, ...rest } = container;
  const { visible, places } = visibleVariables(env ?? [], parts, isWhole);
  const shape: Container = {
    name,
    ...without(rest, INVISIBLE_IN_CONTAINERS),
    ...(env && { env: visible }),
    ...(volumeMounts && { volumeMounts: volumeMounts.filter((mount) => parts.hasMount(mount)) }),
  };
  return { container: shape, places };
}

/** Stands for variables between visible ones: no variable of a pod has this name. */
const OTHERS: EnvVar = { name: '' };

function visibleVariables(
  env: readonly EnvVar[],
  parts: VisibleParts,
  isWhole: boolean,
): { readonly visible: readonly EnvVar[]; readonly places: Places } {
  const visible: EnvVar[] = [];
  const starts: number[] = [];
  for (let index = 0; index < env.length; index++) {
    const variable = env[index];
    if (!variable) continue;
    const shown = isWhole || parts.hasVariable(variable) ? variable : OTHERS;
    if (shown === OTHERS && visible.at(-1) === OTHERS) continue;
    visible.push(shown);
    starts.push(index);
  }
  return { visible, places: { starts, length: env.length } };
}

/** The types of volumes that no rule looks for. */
const INVISIBLE_VOLUMES: ReadonlySet<string> = new Set(['configMap', 'secret', 'projected']);

function visibleVolumes(
  volumes: readonly Volume[],
  containers: readonly Container[],
  parts: VisibleParts,
): readonly Volume[] {
  const used = new Set<string>();
  for (const { volumeMounts } of containers) for (const { name } of volumeMounts ?? []) used.add(name);
  return volumes.filter(
    (volume) =>
      !Object.keys(volume).every((field) => field === 'name' || INVISIBLE_VOLUMES.has(field)) ||
      (parts.hasObjects && isObjectOfProfile(volume)) ||
      used.has(volume.name) ||
      parts.hasVolume(volume.name),
  );
}

/** A volume as profiles make it; authors seldom write `optional`. */
function isObjectOfProfile({ secret, configMap }: Volume): boolean {
  const object = secret ?? configMap;
  return isObject(object) && object['optional'] === true;
}

/**
 * The names of a pod, its ReplicaSet or its Job differ from pod to pod, and rules see only the name of the workload and the length of the pod's.
 */
function metadataShape(pod: Pod, parts: VisibleParts): Metadata {
  const { name, generateName } = pod.metadata ?? {};
  const owner = ownerOf(pod);
  const workload = workloadNameOf(pod);
  const kind = attributeKindOf(pod);
  const sample = sampleOf(kind);
  const labels = { ...visibleOf(labelsOf(pod), parts), ...sample.labels };
  const visible = { annotations: visibleOf(annotationsOf(pod), parts), labels };
  const short: Metadata = {
    ...visible,
    ...(name !== undefined && { name: filled(name) }),
    ...(generateName !== undefined && { generateName: filled(generateName) }),
    ...(owner && { ownerReferences: [{ controller: true, ...kindOf(owner), name: sample.owner(workload) }] }),
  };
  const shape: Pod = { metadata: short, spec: pod.spec };
  const isSampled = !Object.keys(sample.labels).some((label) => parts.hasFact(label));
  if (owner && isSampled && workloadNameOf(shape) === workload && attributeKindOf(shape) === kind) return short;
  return { ...pod.metadata, annotations: visible.annotations, managedFields: undefined };
}

function kindOf({ kind }: JsonObject): JsonObject {
  return kind === undefined ? {} : { kind };
}

/** Longer than any name that counts (delivery/pod-requirements.ts). */
const MAX_FILLED = 512;

function filled(name: string): string {
  return 'x'.repeat(Math.min(name.length, MAX_FILLED));
}

function visibleOf(texts: Readonly<Record<string, string>>, parts: VisibleParts): Record<string, string> {
  const visible: Record<string, string> = {};
  for (const name in texts) if (isVisible(name) || parts.hasFact(name)) visible[name] = texts[name] ?? '';
  return visible;
}

function isVisible(name: string): boolean {
  return (
    name.startsWith(`${PREFIX}/`) ||
    name === MIRROR_POD_ANNOTATION ||
    name === OPENSHIFT_SCC_ANNOTATION ||
    isRequestKey(name) ||
    parseKey(name) !== undefined ||
    misspelledKey(name) !== undefined
  );
}

/** Pods of one shape have the same key. Undefined for a pod that is nested too deeply to be written: an API server sends none, other callers may. */
export function shapeKey({ pod }: PodShape): string | undefined {
  try {
    return JSON.stringify(pod);
  } catch {
    // A RangeError: the value was parsed from JSON, so nothing else can fail.
    return undefined;
  }
}
