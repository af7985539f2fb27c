import { hasOwn, isObject, type Json, type JsonObject } from '../lib/json.ts';

/** A kind that holds a pod, or is one. */
export interface WorkloadKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  /** What kubectl takes for it besides the kind and the plural. */
  readonly short: readonly string[];
  /** The keys that lead from an object to its pod; none for a Pod itself. */
  readonly template: readonly string[];
  /** The kind that controls its pods; none for what makes no pods. */
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

/** The row of pods. */
export const podKind: WorkloadKind = row('v1', 'Pod', 'pods', { short: ['po'], template: [], controller: undefined });

/**
 * Every kind of which we know where its pod is. Only group and kind of an object in a file count: no kind here has ever moved its template
 * between versions. The version is the one to ask an API server for. A kind that is not listed holds no pod that we know of.
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

const byGroupAndKind = new Map(workloadKinds.map((one) => [`${one.group}/${one.kind}`, one]));

/** The row of an object's kind; undefined for a kind that holds no pod. */
export function workloadKindOf(apiVersion: string, kind: string): WorkloadKind | undefined {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  return byGroupAndKind.get(`${group}/${kind}`);
}

/** The row of what a user calls a kind, as kubectl takes it: `deploy`, `Deployment`, `deployments`, `deployments.apps`. */
export function workloadKindCalled(word: string): WorkloadKind | undefined {
  const [name = '', ...group] = word.toLowerCase().split('.');
  return workloadKinds.find(
    (one) =>
      (one.kind.toLowerCase() === name || one.plural === name || one.short.includes(name)) &&
      (group.length === 0 || one.group === group.join('.')),
  );
}

/** The path of one object, or of all of a kind in a namespace, or in all of them. */
export function apiPath({ group, version, plural }: WorkloadKind, namespace?: string, name?: string): string {
  const api = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const within = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${api}${within}/${plural}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
}

/** The pod in an object of the kind, as untrusted as the object; undefined where there is none. */
export function templateOf({ template }: WorkloadKind, object: JsonObject): JsonObject | undefined {
  let pod: Json | undefined = object;
  for (const step of template) pod = isObject(pod) && hasOwn(pod, step) ? pod[step] : undefined;
  return isObject(pod) ? pod : undefined;
}

/**
 * The pod that a controller would make of the template, as far as a decision looks at it: with the reference to who controls it. Without its
 * hash or ordinal, which nobody knows before it is made.
 */
export function podMadeBy({ kind, controller }: WorkloadKind, name: string, template: JsonObject): JsonObject {
  if (kind === 'Pod' || controller === undefined) return template;
  const metadata = isObject(template['metadata']) ? template['metadata'] : {};
  const owner = { apiVersion: 'apps/v1', kind: controller, name, uid: '', controller: true };
  return { ...template, metadata: { ...metadata, generateName: `${name}-`, ownerReferences: [owner] } };
}

/** The metadata of the objects around the template, the workload's own first: none for a Pod. */
export function aroundTemplate({ template }: WorkloadKind, object: JsonObject): readonly JsonObject[] {
  const around: JsonObject[] = [];
  let at: Json | undefined = object;
  for (const step of template) {
    const metadata = isObject(at) ? at['metadata'] : undefined;
    if (isObject(metadata)) around.push(metadata);
    at = isObject(at) ? at[step] : undefined;
  }
  return around;
}
