import { describe, expect, it } from 'vitest';
import { admit } from '../../src/admission/admit.ts';
import { encodeReview } from '../../src/admission/review.ts';
import { unknownCluster } from '../../src/kubernetes/cluster-state.ts';
import { decodePod } from '../../src/kubernetes/pod.ts';
import type { Json } from '../../src/lib/json.ts';
import { catalogue, namespace } from '../support/fixtures.ts';

// Recursive functions over what a caller wrote would end in a stack overflow, which is an internal error, a log line and an alert.

const deep: Json = JSON.parse(`${'{"a":['.repeat(15_000)}1${']}'.repeat(15_000)}`) as Json;

const inPod: Readonly<Record<string, Json>> = {
  'an unknown field': { deep },
  volumes: {
    volumes: [
      { name: 'v', emptyDir: deep },
      { name: 'w', persistentVolumeClaim: { claimName: deep } },
    ],
  },
  affinity: {
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/os', operator: deep, values: deep }] }, deep],
        },
      },
    },
  },
  'the security context': { securityContext: { windowsOptions: deep, fsGroup: deep } },
  resources: { resources: { limits: { cpu: deep } } },
  'pull secrets': { imagePullSecrets: [deep] },
  'an init container': {
    initContainers: [
      { name: 'i', image: deep, command: [deep], volumeMounts: [{ name: 'v', mountPath: '/x', subPath: deep }] },
    ],
  },
  'the operating system': { os: { name: deep } },
};

const inContainer: Readonly<Record<string, Json>> = {
  'the security context': { securityContext: { windowsOptions: deep, runAsUser: deep } },
  'the command': { command: [deep], args: deep },
  resources: { resources: { limits: { cpu: deep, memory: deep }, requests: deep } },
  envFrom: { envFrom: [{ configMapRef: { name: deep } }, deep] },
  devices: { volumeDevices: [{ devicePath: deep, name: deep }] },
  mounts: { volumeMounts: [{ name: 'v', mountPath: '/agent', subPath: deep, readOnly: deep }] },
  'the image': { image: deep },
};

const variables = {
  env: [
    { name: 'JAVA_TOOL_OPTIONS', value: 'x' },
    { name: 'NODE_OPTIONS', valueFrom: { secretKeyRef: { name: 'a', key: 'b' } } },
  ],
};

describe('nesting of 30,000 levels', () => {
  const rows = [
    ...Object.entries(inPod).map(([place, spec]) => [`${place} of the pod`, spec, {}] as const),
    ...Object.entries(inContainer).map(([place, rest]) => [`${place} of a container`, {}, rest] as const),
  ];
  it.each(rows)('in %s ends in a decision of every profile, and no rule is broken', (_, spec, rest) => {
    const containers = [{ name: 'web', ...variables, ...(rest as object) }];
    const decoded = decodePod({ metadata: { name: 'web' }, spec: { containers, ...(spec as object) } });
    if (!decoded.ok) throw new Error(decoded.error.path);
    for (const profile of catalogue.profiles.keys()) {
      const within = namespace({
        profile,
        'otlp-endpoint': 'http://a',
        'apm-server-url': 'http://a',
        'collector-address': 'a',
      });
      const cluster = { ...unknownCluster, kubernetes: { major: 1, minor: 36 } };
      const { decision, operations } = admit(decoded.value, within, catalogue, cluster);
      encodeReview('uid', decision, operations);
      expect(decision.outcome === 'injected' ? '' : decision.reason.code).not.toBe('rule-broken');
    }
  });
});
