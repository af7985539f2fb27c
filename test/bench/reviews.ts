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

/** A pod of so many containers with so many variables each; undefined: the recorded pod as it is. */
export interface Shape {
  readonly containers: number;
  readonly variables: number;
}

/** The answer that the floors give to everything: as large as the product's own. */
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

/** The names of the recorded review, which every Deployment has its own of. */
const RECORDED = {
  namespace: 'net-sample"',
  deployment: 'net-razor31-sample',
  hash: '5c589866c8',
  owner: '2be19298-08d1-4ddf-8815-da4fe3789944',
  uid: '36bd2b26-4c53-4b50-a445-5821ce5d7a2c',
  suffix: '-6bd4m',
};

/** Each of these namespaces has this many Deployments whose pods are asked about, if nothing else is said. */
export const DEPLOYMENTS = 16;

/** The namespaces that the pods are in, as in a cluster where four teams use the agent. */
export const shops: readonly Namespace[] = ['net-sample', 'orders', 'billing', 'checkout'].map((name, index) => ({
  name,
  labels: { 'agent-injector.io/injection': 'enabled' },
  annotations: {
    'agent-injector.io/server-address': `jennifer-${index}.example.com`,
    'agent-injector.io/domain-id': String(2000 + index),
  },
}));

/** What the real API server has that the pods are checked against: see cluster.ts. */
const cluster: ClusterState = {
  kubernetes: { major: 1, minor: 36 },
  configMapKeys: () => undefined,
  claim: () => ({ deleting: false, heldBy: undefined }),
  quotas: () => [],
  limitRanges: () => [],
};

/** The recorded review, as a real API server sent it. */
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
 * Reviews of pods of 64 Deployments in four namespaces, with the patch that the product's own code makes for each in this process. The pod
 * that comes of it is held to test/golden elsewhere; here the server has to give just these bytes.
 */
export function reviewBodies(shape?: Shape, deployments = DEPLOYMENTS): readonly Body[] {
  const text = JSON.stringify(recordedReview(shape));
  return shops.flatMap((shop, place) =>
    Array.from({ length: deployments }, (_, index) => {
      const number = place * deployments + index;
      // The very first is the recorded one itself.
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

/** What the product answers to a review in one of the shops. Throws when it would not inject: then there is nothing to measure. */
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
