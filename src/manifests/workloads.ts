import { has } from '../core/json.ts';

const TEMPLATE: readonly string[] = ['spec', 'template'];

/**
 * Where each kind holds its pod, by API group (empty for the core group) and kind. The API version is left out on purpose: no kind here has
 * ever moved its template between versions. A kind that is not listed holds no pod that we know of, and is left as it is.
 */
const WORKLOADS: Readonly<Record<string, readonly string[]>> = {
  '/Pod': [],
  '/PodTemplate': ['template'],
  '/ReplicationController': TEMPLATE,
  'apps/DaemonSet': TEMPLATE,
  'apps/Deployment': TEMPLATE,
  'apps/ReplicaSet': TEMPLATE,
  'apps/StatefulSet': TEMPLATE,
  'batch/CronJob': ['spec', 'jobTemplate', 'spec', 'template'],
  'batch/Job': TEMPLATE,
  // https://argo-rollouts.readthedocs.io/en/stable/features/specification/ (a Rollout with a workloadRef has no template)
  'argoproj.io/Rollout': TEMPLATE,
  // https://docs.openshift.com/container-platform/4.16/applications/deployments/what-deployments-are.html
  'apps.openshift.io/DeploymentConfig': TEMPLATE,
  // https://openkruise.io/docs/user-manuals/cloneset
  'apps.kruise.io/CloneSet': TEMPLATE,
  'apps.kruise.io/DaemonSet': TEMPLATE,
  'apps.kruise.io/StatefulSet': TEMPLATE,
};

/** The keys that lead from an object of this kind to its pod (none for a Pod itself); undefined for a kind that holds no pod. */
export function podPath(apiVersion: string, kind: string): readonly string[] | undefined {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  const key = `${group}/${kind}`;
  return has(WORKLOADS, key) ? WORKLOADS[key] : undefined;
}
