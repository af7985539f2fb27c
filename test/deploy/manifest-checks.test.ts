import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../support/client.ts';
import { objectsOf, type PodSpec, render, root, type Rule, valuesFiles } from '../support/chart.ts';
import { helm } from '../support/deploy-tools.ts';

// The checks of kube-score (score/checks) and Polaris (pkg/config/checks) that apply to kinds of this chart, by their names there. The exceptions
// say what is different here, and a test fails for one that has become unnecessary.

interface Workload {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The pod of `helm test` serves nothing. */
  readonly isServer: boolean;
  readonly pod: PodSpec;
  readonly container: PodSpec['containers'][number];
}

interface Probe {
  readonly httpGet?: { readonly path: string };
}

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
}

type Check = (workload: Workload, objects: readonly KubeObject[]) => boolean;

const specOf = (object: KubeObject): Record<string, unknown> => (object['spec'] ?? {}) as Record<string, unknown>;

const kinds = (objects: readonly KubeObject[], kind: string): readonly KubeObject[] =>
  objects.filter((object) => object.kind === kind);

function selects(labels: Readonly<Record<string, string>> | undefined, workload: Workload): boolean {
  const entries = Object.entries(labels ?? {});
  return entries.length > 0 && entries.every(([name, value]) => workload.labels[name] === value);
}

const workloadChecks: Readonly<Record<string, Check>> = {
  'kube-score container-image-tag': ({ container }) => /(:(?!latest$)[^:/]+|@sha256:\w+)$/.test(container.image),
  'kube-score container-image-pull-policy': ({ container }) => container['imagePullPolicy'] === 'Always',
  'kube-score container-resources': ({ container: { resources } }) =>
    ['cpu', 'memory'].every((name) => name in resources.requests && name in resources.limits),
  'kube-score container-memory-requests-equal-limits': ({ container: { resources } }) =>
    resources.requests['memory'] === resources.limits['memory'],
  'kube-score container-ephemeral-storage-request-and-limit': ({ container: { resources } }) =>
    'ephemeral-storage' in resources.requests && 'ephemeral-storage' in resources.limits,
  'kube-score container-security-context-user-group-id': ({ pod }) =>
    ['runAsUser', 'runAsGroup'].every((name) => Number(pod.securityContext[name]) >= 10_000),
  'kube-score container-security-context-readonlyrootfilesystem': ({ container }) =>
    container.securityContext['readOnlyRootFilesystem'] === true,
  'kube-score container-security-context-privileged': ({ container }) =>
    container.securityContext['privileged'] !== true,
  'kube-score container-seccomp-profile': ({ pod }) =>
    JSON.stringify(pod.securityContext['seccompProfile']) === '{"type":"RuntimeDefault"}',
  'kube-score container-ports-check': ({ container: { ports = [] } }) =>
    ports.every(({ name }) => /^[a-z0-9-]{1,15}$/.test(name)) &&
    new Set(ports.map(({ name }) => name)).size === ports.length,
  'kube-score environment-variable-key-duplication': ({ container: { env = [] } }) =>
    new Set(env.map(({ name }) => name)).size === env.length,
  // Liveness that is as strict as readiness restarts a pod that only has to wait.
  'kube-score pod-probes': ({ isServer, container }) => {
    const [live, ready] = ['livenessProbe', 'readinessProbe'].map(
      (name) => (container[name] as Probe | undefined)?.httpGet,
    );
    return !isServer || (live !== undefined && ready !== undefined && live.path !== ready.path);
  },
  'kube-score pod-topology-spread-constraints': ({ isServer, pod }) =>
    !isServer || (pod.topologySpreadConstraints ?? []).length > 0,
  'kube-score pod-networkpolicy': (workload, objects) =>
    !workload.isServer ||
    kinds(objects, 'NetworkPolicy').some((policy) => {
      const { podSelector, policyTypes } = specOf(policy) as { podSelector?: Selector; policyTypes?: string[] };
      return selects(podSelector?.matchLabels, workload) && policyTypes?.join() === 'Ingress,Egress';
    }),
  'kube-score deployment-has-poddisruptionbudget': (workload, objects) =>
    !workload.isServer ||
    kinds(objects, 'PodDisruptionBudget').some((budget) =>
      selects((specOf(budget)['selector'] as Selector).matchLabels, workload),
    ),
  'polaris hostNetworkSet': ({ pod }) => pod.hostNetwork !== true,
  'polaris hostPIDSet, hostIPCSet, hostProcess': ({ pod }) =>
    ['hostPID', 'hostIPC', 'hostUsers', 'shareProcessNamespace'].every((name) => !(name in pod)),
  'polaris hostPortSet': ({ container }) => (container.ports ?? []).every(({ hostPort }) => hostPort === undefined),
  'polaris hostPathSet': ({ pod }) => (pod.volumes ?? []).every((volume) => !('hostPath' in volume)),
  'polaris runAsRootAllowed': ({ pod }) => pod.securityContext['runAsNonRoot'] === true,
  'polaris privilegeEscalationAllowed': ({ container }) =>
    container.securityContext['allowPrivilegeEscalation'] === false,
  'polaris insecureCapabilities, dangerousCapabilities, linuxHardening': ({ container }) =>
    JSON.stringify(container.securityContext['capabilities']) === '{"drop":["ALL"]}',
  'polaris automountServiceAccountToken': ({ pod }) => pod.automountServiceAccountToken === false,
  'polaris sensitiveContainerEnvVar': ({ container }) =>
    (container.env ?? []).every(
      ({ name, value }) => typeof value === 'string' && !/PASSWORD|TOKEN$|API_?KEY/.test(name),
    ),
  'polaris priorityClassNotSet': ({ isServer, pod }) => !isServer || 'priorityClassName' in pod,
};

const setChecks: Readonly<Record<string, (objects: readonly KubeObject[], workloads: readonly Workload[]) => boolean>> =
  {
    'kube-score stable-version': (objects) =>
      objects.every(({ apiVersion }) => !/(alpha|beta)\d+$/.test(apiVersion ?? '')),
    'kube-score label-values': (objects) =>
      objects.every(({ metadata }) =>
        Object.values(metadata?.labels ?? {}).every((value) =>
          /^([A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?)?$/.test(value),
        ),
      ),
    'kube-score service-type': (objects) => kinds(objects, 'Service').every((service) => !('type' in specOf(service))),
    'kube-score service-targets-pod, networkpolicy-targets-pod, poddisruptionbudget-has-policy': (objects, workloads) =>
      objects.every((object) => {
        const { selector, podSelector } = specOf(object) as { selector?: Selector; podSelector?: Selector };
        if (object.kind === 'Service')
          return workloads.some((workload) => selects(selector as Readonly<Record<string, string>>, workload));
        const labels = { PodDisruptionBudget: selector, NetworkPolicy: podSelector }[object.kind ?? '']?.matchLabels;
        return labels === undefined || workloads.some((workload) => selects(labels, workload));
      }),
    'kube-score deployment-replicas, deployment-targeted-by-hpa-does-not-have-replicas-configured': (objects) => {
      const isScaled = kinds(objects, 'HorizontalPodAutoscaler').length > 0;
      return kinds(objects, 'Deployment').every((deployment) =>
        isScaled ? !('replicas' in specOf(deployment)) : Number(specOf(deployment)['replicas']) >= 2,
      );
    },
    'polaris clusterrole*, rolebinding*: no wildcard, no escalation, no exec, no impersonation': (objects) =>
      [...kinds(objects, 'ClusterRole'), ...kinds(objects, 'Role')].every((role) =>
        (role['rules'] as readonly Rule[]).every(
          ({ verbs, resources, apiGroups }) =>
            [...verbs, ...resources, ...apiGroups].every((word) => word !== '*') &&
            !verbs.some((verb) => ['escalate', 'bind', 'impersonate'].includes(verb)) &&
            !resources.some((resource) => /^pods\/(exec|attach)$|clusterroles|rolebindings/.test(resource)),
        ),
      ),
    'polaris rolebindingClusterAdmin*': (objects) =>
      objects.every((object) => !JSON.stringify(object['roleRef'] ?? '').includes('admin')),
  };

/** By check, the values files in which it does not hold. */
const exceptions: Readonly<Record<string, { readonly why: string; readonly in: 'all' | readonly string[] }>> = {
  'kube-score container-image-pull-policy': {
    why: 'a tag is one version for ever, and a registry that is down must not keep a replica from starting',
    in: 'all',
  },
  'kube-score container-resources': { why: 'a CPU limit would delay reviews', in: 'all' },
  'polaris priorityClassNotSet': { why: 'no class exists in every cluster for every namespace', in: 'all' },
  'kube-score container-security-context-user-group-id': { why: 'OpenShift assigns the user', in: ['openshift'] },
  'kube-score pod-networkpolicy': { why: 'switched off', in: ['minimal'] },
  'kube-score deployment-has-poddisruptionbudget': { why: 'switched off', in: ['minimal'] },
  'kube-score deployment-replicas, deployment-targeted-by-hpa-does-not-have-replicas-configured': {
    why: 'one is asked for',
    in: ['minimal'],
  },
  'polaris hostNetworkSet': { why: 'asked for', in: ['host-network'] },
};

function workloadsOf(objects: readonly KubeObject[]): readonly Workload[] {
  return objects.flatMap((object) => {
    const { template } = specOf(object) as { template?: KubeObject };
    const owner = object.kind === 'Pod' ? object : object.kind === 'Deployment' ? template : undefined;
    const pod = owner?.['spec'] as PodSpec | undefined;
    const name = `${object.kind} ${object.metadata?.name}`;
    const labels = owner?.metadata?.labels ?? {};
    return (pod?.containers ?? []).flatMap((container) =>
      pod ? [{ name, labels, isServer: object.kind === 'Deployment', pod, container }] : [],
    );
  });
}

/** What the tools would report, as `check: object`. */
function violations(objects: readonly KubeObject[]): readonly string[] {
  const workloads = workloadsOf(objects);
  const ofWorkloads = Object.entries(workloadChecks).flatMap(([check, holds]) =>
    workloads.some((workload) => !holds(workload, objects)) ? [check] : [],
  );
  return [
    ...ofWorkloads,
    ...Object.entries(setChecks).flatMap(([check, holds]) => (holds(objects, workloads) ? [] : [check])),
  ];
}

const sets: readonly (readonly [name: string, objects: () => readonly KubeObject[]])[] = [
  ['install.yaml', () => objectsOf(readFileSync(join(root, 'deploy/install.yaml'), 'utf8'))],
  ...(helm === undefined ? [] : [...valuesFiles.keys()].map((values) => [values, () => render(values)] as const)),
];

describe('kube-score and Polaris', () => {
  it.each(sets)('would report nothing but the exceptions in %s', (name, objects) => {
    const rendered = objects();
    expect(workloadsOf(rendered).length).toBeGreaterThan(0);
    const isExpected = (check: string): boolean => {
      const exception = exceptions[check];
      return exception !== undefined && (exception.in === 'all' || exception.in.includes(name));
    };
    expect(violations(rendered).filter((check) => !isExpected(check))).toEqual([]);
  });

  it.skipIf(helm === undefined)('have no exception that is not needed', () => {
    const found = new Map(sets.map(([name, objects]) => [name, violations(objects())]));
    for (const [check, { in: names }] of Object.entries(exceptions)) {
      const isFound = (name: string): boolean => found.get(name)?.includes(check) === true;
      if (names === 'all') expect([...found.keys()].some(isFound), check).toBe(true);
      else expect(names.every(isFound), check).toBe(true);
    }
  });
});
