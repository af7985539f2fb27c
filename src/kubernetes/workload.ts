import { isObject, type Json, type JsonObject } from '../lib/json.ts';

export interface WorkloadRef {
  readonly kind: string;
  readonly name: string;
}

export interface WorkloadKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly short: readonly string[];
  /** Path from an object to its pod template; empty for Pod. */
  readonly template: readonly string[];
  /** The kind that controls its pods; undefined if it does not create pods. */
  readonly controller: string | undefined;
}

const TEMPLATE: readonly string[] = ['spec', 'template'];

function row(
  apiVersion: string,
  kind: string,
  plural: string,
  rest: Partial<Pick<WorkloadKind, 'short' | 'template' | 'controller'>> = {},
): WorkloadKind {
  const [version = '', group = ''] = apiVersion.split('/').toReversed();
  return { group, version, kind, plural, short: [], template: TEMPLATE, controller: kind, ...rest };
}

export const podKind: WorkloadKind = row('v1', 'Pod', 'pods', { short: ['po'], template: [], controller: undefined });

/**
 * The known kinds with a pod template. Objects in files match by group and kind, since none of these kinds has moved its template between
 * versions. The version is used for requests to the API server.
 */
export const workloadKinds: readonly WorkloadKind[] = [
  podKind,
  row('v1', 'PodTemplate', 'podtemplates', { template: ['template'], controller: undefined }),
  row('v1', 'ReplicationController', 'replicationcontrollers', { short: ['rc'] }),
  row('apps/v1', 'DaemonSet', 'daemonsets', { short: ['ds'] }),
  row('apps/v1', 'Deployment', 'deployments', { short: ['deploy'], controller: 'ReplicaSet' }),
  row('apps/v1', 'ReplicaSet', 'replicasets', { short: ['rs'] }),
  row('apps/v1', 'StatefulSet', 'statefulsets', { short: ['sts'] }),
  row('batch/v1', 'CronJob', 'cronjobs', {
    short: ['cj'],
    template: ['spec', 'jobTemplate', 'spec', 'template'],
    controller: 'Job',
  }),
  row('batch/v1', 'Job', 'jobs'),
  // https://argo-rollouts.readthedocs.io/en/stable/features/specification/ (a Rollout with a workloadRef has no template)
  row('argoproj.io/v1alpha1', 'Rollout', 'rollouts', { short: ['ro'], controller: 'ReplicaSet' }),
  // https://docs.openshift.com/container-platform/4.16/applications/deployments/what-deployments-are.html
  row('apps.openshift.io/v1', 'DeploymentConfig', 'deploymentconfigs', {
    short: ['dc'],
    controller: 'ReplicationController',
  }),
  // https://openkruise.io/docs/user-manuals/cloneset
  row('apps.kruise.io/v1alpha1', 'CloneSet', 'clonesets', { short: ['clone'] }),
  row('apps.kruise.io/v1alpha1', 'DaemonSet', 'daemonsets'),
  row('apps.kruise.io/v1beta1', 'StatefulSet', 'statefulsets'),
];

const byGroupAndKind = new Map(workloadKinds.map((workload) => [`${workload.group}/${workload.kind}`, workload]));

export function workloadKindOf(apiVersion: string, kind: string): WorkloadKind | undefined {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  return byGroupAndKind.get(`${group}/${kind}`);
}

/** Finds a kind by a name that kubectl accepts: `deploy`, `Deployment`, `deployments`, `deployments.apps`. */
export function workloadKindNamed(text: string): WorkloadKind | undefined {
  const [name = '', ...group] = text.toLowerCase().split('.');
  return workloadKinds.find(
    (workload) =>
      (workload.kind.toLowerCase() === name || workload.plural === name || workload.short.includes(name)) &&
      (group.length === 0 || workload.group === group.join('.')),
  );
}

const BUILT_IN_GROUPS: ReadonlySet<string> = new Set(['', 'apps', 'batch']);

/** Whether a kind is not of Kubernetes itself: it has permissions of its own, which few users have. */
export function isExtension({ group }: WorkloadKind): boolean {
  return !BUILT_IN_GROUPS.has(group);
}

export function apiPath({ group, version, plural }: WorkloadKind, namespace?: string, name?: string): string {
  const api = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const within = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${api}${within}/${plural}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
}

/** The pod template of an object, as untrusted as the object; undefined if it has none. */
export function templateOf({ template }: WorkloadKind, object: JsonObject): JsonObject | undefined {
  let pod: Json | undefined = object;
  for (const step of template) pod = isObject(pod) && Object.hasOwn(pod, step) ? pod[step] : undefined;
  return isObject(pod) ? pod : undefined;
}

/** The pod that a controller would create from the template, with its owner reference, but without the hash or ordinal in its name. */
export function podFromTemplate({ kind, controller }: WorkloadKind, name: string, template: JsonObject): JsonObject {
  if (kind === 'Pod' || controller === undefined) return template;
  const metadata = isObject(template['metadata']) ? template['metadata'] : {};
  const owner = { apiVersion: 'apps/v1', kind: controller, name, uid: '', controller: true };
  return { ...template, metadata: { ...metadata, generateName: `${name}-`, ownerReferences: [owner] } };
}

/** The metadata of the objects that enclose the template, starting with the workload; empty for a Pod. */
export function enclosingMetadata({ template }: WorkloadKind, object: JsonObject): readonly JsonObject[] {
  const found: JsonObject[] = [];
  let at: Json | undefined = object;
  for (const step of template) {
    const metadata = isObject(at) ? at['metadata'] : undefined;
    if (isObject(metadata)) found.push(metadata);
    at = isObject(at) ? at[step] : undefined;
  }
  return found;
}
