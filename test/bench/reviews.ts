import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtInCatalogue } from '../../src/profile-sources/builtin.ts';
import { admit } from '../../src/admission/admit.ts';
import type { ClusterState } from '../../src/kubernetes/cluster-state.ts';
import type { Json } from '../../src/lib/json.ts';
import type { Namespace } from '../../src/kubernetes/namespace.ts';
import { decodeReview, encodeReview } from '../../src/admission/review.ts';
import type { Body } from './load.ts';
import { root } from './places.ts';
import { SUFFIX_SLOT, UID_SLOT } from './request-bytes.ts';

/** The numbers of containers of a pod and of variables in each. Without a shape, the pod is the recorded one. */
export interface Shape {
  readonly containers: number;
  readonly variables: number;
}

/** The fixed answer of the floors, as large as the product's. */
export interface FixedAnswer {
  readonly patch: string;
  readonly auditAnnotations: unknown;
}

interface RecordedContainer {
  readonly name: string;
  readonly [field: string]: unknown;
}

interface Recorded {
  readonly request: {
    readonly object: {
      readonly spec: { readonly containers: readonly RecordedContainer[]; readonly [field: string]: unknown };
      readonly [field: string]: unknown;
    };
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** Names in the recorded review, which are replaced for each Deployment. */
const RECORDED = {
  namespace: 'net-sample"',
  deployment: 'net-razor31-sample',
  hash: '5c589866c8',
  owner: '2be19298-08d1-4ddf-8815-da4fe3789944',
  uid: '36bd2b26-4c53-4b50-a445-5821ce5d7a2c',
  suffix: '-6bd4m',
};

/** The default number of Deployments in each namespace. */
export const DEPLOYMENTS = 16;

/** The namespaces of the pods. */
export const shops: readonly Namespace[] = ['net-sample', 'orders', 'billing', 'checkout'].map((name, index) => ({
  name,
  labels: { 'agent-injector.io/injection': 'enabled' },
  annotations: {
    'agent-injector.io/server-address': `jennifer-${index}.example.com`,
    'agent-injector.io/domain-id': String(2000 + index),
  },
}));

/** The state of the cluster that cluster.ts creates. */
const cluster: ClusterState = {
  kubernetes: { major: 1, minor: 36 },
  configMapKeys: () => undefined,
  claim: () => ({ deleting: false, heldBy: undefined }),
  quotas: () => [],
  limitRanges: () => [],
};

/** The recorded review of a real API server. */
export function recordedReview(shape?: Shape): Recorded {
  const recorded = JSON.parse(readFileSync(join(root, 'test/e2e/recorded-sample.json'), 'utf8')) as Recorded;
  if (!shape) return recorded;
  const { request } = recorded;
  const [first] = request.object.spec.containers;
  const containers = Array.from({ length: shape.containers }, (_, index) => ({
    ...first,
    name: index === 0 ? (first?.name ?? '') : `${first?.name}-${index}`,
    env: Array.from({ length: shape.variables }, (__, variable) => ({
      name: `SETTING_${variable}`,
      value: `value-${variable}-of-container-${index}`,
    })),
  }));
  return {
    ...recorded,
    request: { ...request, object: { ...request.object, spec: { ...request.object.spec, containers } } },
  };
}

/**
 * Reviews of pods of 64 Deployments in four namespaces, each with the patch that the product's code computes in this process. The server must
 * answer with the same bytes; test/golden checks the patched pods.
 */
export function reviewBodies(shape?: Shape, deployments = DEPLOYMENTS): readonly Body[] {
  const text = JSON.stringify(recordedReview(shape));
  return shops.flatMap((shop, place) =>
    Array.from({ length: deployments }, (_, index) => {
      const number = place * deployments + index;
      // The first one is the recorded one.
      const hash = (0x5c589866c8 + number * 7919).toString(16);
      const json = text
        .replaceAll(RECORDED.namespace, `${shop.name}"`)
        .replaceAll(RECORDED.deployment, `net-razor${31 + number}-sample`)
        .replaceAll(RECORDED.hash, hash)
        .replaceAll(RECORDED.owner, `2be19298-08d1-4ddf-8815-da4f${(0xe3789944 + number).toString(16)}`)
        .replaceAll(RECORDED.uid, UID_SLOT)
        .replaceAll(RECORDED.suffix, SUFFIX_SLOT);
      return { json, hash, patch: answerTo(json).patch };
    }),
  );
}

const catalogue = builtInCatalogue();

/** The answer of the product to a review in one of the shops. Throws if the pod is not injected. */
export function answerTo(json: string): FixedAnswer {
  const decoded = decodeReview(JSON.parse(json) as Json);
  if (decoded.kind !== 'review') throw new Error('this is no review of a pod');
  const { pod, namespace: name, uid } = decoded.review;
  const namespace = shops.find((shop) => shop.name === name);
  if (!namespace) throw new Error(`no shop is called ${name}`);
  const { decision, operations } = admit(pod, namespace, catalogue, cluster);
  if (decision.outcome !== 'injected') throw new Error(`not injected: ${JSON.stringify(decision.reason)}`);
  const { response } = encodeReview(uid, decision, operations) as unknown as { readonly response: FixedAnswer };
  const { patch, auditAnnotations } = response;
  return { patch, auditAnnotations };
}
