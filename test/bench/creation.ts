import type { Client, KubeObject } from '../support/client.ts';
import type { ControlPlane } from '../support/control-plane.ts';
import { waitFor } from '../support/wait-for.ts';
import type { Bench } from './bench.ts';
import { createClaim } from './cluster.ts';
import { reviewBodies, shops } from './reviews.ts';
import type { SampleBook } from './samples.ts';
import type { Server } from './servers.ts';
import { percentile } from './statistics.ts';

const LABEL = 'bench.agent-injector.io/webhook';
/** Short turns, so that a slow second of the machine affects all three kinds. */
const TURN_MS = 500;
const AT_A_TIME = [1, 8];
/** A p99 needs more samples than a median. */
const ROUNDS_MORE = 2;

const kinds = ['none', 'fastify', 'product'] as const;
type Kind = (typeof kinds)[number];

/** Time to create a pod through a real API server (as a dry run): without a webhook, with a bare Fastify webhook, and with the product. */
export async function creation(bench: Bench, book: SampleBook): Promise<void> {
  const plane = await bench.cluster();
  const servers = { fastify: await bench.floor('fastify'), product: await bench.product() };
  const remove = await prepare(plane, servers, bench.ca);
  try {
    for (const count of AT_A_TIME) await measure(bench, book, plane.client, count);
  } finally {
    await remove();
    for (const server of Object.values(servers)) await server.stop();
  }
}

async function measure(bench: Bench, book: SampleBook, client: Client, count: number): Promise<void> {
  const all: Record<Kind, number[]> = { none: [], fastify: [], product: [] };
  const note = (kind: Kind, samples: readonly number[], suffix: string): void => {
    const sorted = samples.toSorted((a, b) => a - b);
    const at = { row: 'creation', variant: String(count), server: kind };
    for (const [figure, share] of [
      ['p50', 0.5],
      ['p99', 0.99],
    ] as const) {
      book.add({ ...at, figure: `${figure}${suffix}` }, percentile(sorted, share));
    }
  };
  for (let round = 0; round < bench.options.rounds * ROUNDS_MORE; round += 1) {
    const samples: Record<Kind, number[]> = { none: [], fastify: [], product: [] };
    const until = performance.now() + bench.options.seconds * 1000 * kinds.length;
    for (let turn = 0; performance.now() < until; turn += 1) {
      // Alternates the order, so that each kind follows each other kind equally often.
      const order = turn % 2 === 0 ? kinds : kinds.toReversed();
      for (const kind of order) samples[kind].push(...(await createFor(client, kind, count)));
    }
    for (const kind of kinds) {
      all[kind].push(...samples[kind]);
      note(kind, samples[kind], '');
    }
  }
  for (const kind of kinds) {
    note(kind, all[kind], '-of-all');
    const sorted = all[kind].toSorted((a, b) => a - b);
    const [p50, p99] = [0.5, 0.99].map((share) => percentile(sorted, share).toFixed(2));
    console.log(`  ${count} at a time, ${kind}: ${sorted.length} pods, p50 ${p50} ms, p99 ${p99} ms`);
  }
}

/** Creates pods for one turn with this concurrency. Returns the duration of each creation in ms. */
async function createFor(client: Client, kind: Kind, count: number): Promise<readonly number[]> {
  const until = performance.now() + TURN_MS;
  const samples: number[] = [];
  const work = async (): Promise<void> => {
    for (let from = performance.now(); from < until; from = performance.now()) {
      await client.create(nextPod(kind), { dryRun: true });
      samples.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: count }, work));
  return samples;
}

const namespaceOf = (kind: Kind): string => `bench-${kind}`;

interface PodOfReplicaSet {
  readonly metadata: {
    readonly generateName: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly ownerReferences: unknown;
  };
  readonly spec: {
    readonly containers: readonly { readonly name: string; readonly image: string; readonly ports: unknown }[];
  };
}

/** Pods of 64 Deployments, as the ReplicaSet controller sends them, without defaults of the API server. The first is the recorded one. */
function podsFor(kind: Kind): readonly KubeObject[] {
  return reviewBodies().map(({ json }) => {
    const { request } = JSON.parse(json) as { readonly request: { readonly object: PodOfReplicaSet } };
    const { metadata, spec } = request.object;
    const { generateName, labels, ownerReferences } = metadata;
    const containers = spec.containers.map(({ name, image, ports }) => ({ name, image, ports }));
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { generateName, namespace: namespaceOf(kind), labels, ownerReferences },
      spec: { containers },
    };
  });
}

const pods: Readonly<Record<Kind, readonly KubeObject[]>> = {
  none: podsFor('none'),
  fastify: podsFor('fastify'),
  product: podsFor('product'),
};

let made = 0;

function nextPod(kind: Kind): KubeObject {
  const pod = pods[kind][made++ % pods[kind].length];
  if (!pod) throw new Error('there are no pods');
  return pod;
}

/** Creates three namespaces, two of them with a webhook. Resolves when each returns the expected pod, with a function that removes the webhooks. */
async function prepare(
  { client }: ControlPlane,
  servers: Readonly<Record<'fastify' | 'product', Server>>,
  ca: string,
): Promise<() => Promise<void>> {
  const [shop] = shops;
  for (const kind of kinds) {
    const labels = { [LABEL]: kind, ...(kind === 'product' && shop?.labels) };
    const namespace = namespaceOf(kind);
    await client.create({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace, labels, annotations: { ...shop?.annotations } },
    });
    // The controller manager, which would create it, is stopped.
    await client.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } });
    await createClaim(client, namespace);
  }
  for (const kind of ['fastify', 'product'] as const) await client.create(configuration(kind, servers[kind].port, ca));
  const changed = new Map<Kind, string>();
  for (const kind of kinds) {
    await waitFor(`a pod of ${kind} to come back as it should`, async () => {
      const [pod] = pods[kind];
      const { object } = await client.create(pod ?? {}, { dryRun: true });
      const environment = JSON.stringify(object).includes('CORECLR_PROFILER');
      if (environment) changed.set(kind, injectedPart(object));
      return environment === (kind !== 'none');
    });
  }
  if (changed.get('fastify') !== changed.get('product')) throw new Error('floor and product do not make the same pod');
  return async () => {
    for (const kind of ['fastify', 'product']) {
      await client.delete({ kind: 'MutatingWebhookConfiguration', name: `bench-${kind}` });
    }
  };
}

function injectedPart({ metadata, spec }: KubeObject): string {
  const { containers } = spec as { readonly containers: readonly { readonly env: unknown }[] };
  return JSON.stringify([metadata?.annotations, containers.map(({ env }) => env)]);
}

/** The webhook configuration of the chart, for one namespace. */
function configuration(kind: 'fastify' | 'product', port: number, ca: string): KubeObject {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: `bench-${kind}` },
    webhooks: [
      {
        name: `${kind}.bench.agent-injector.io`,
        clientConfig: { url: `https://127.0.0.1:${port}/mutate`, caBundle: Buffer.from(ca).toString('base64') },
        rules: [
          { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'], scope: 'Namespaced' },
        ],
        namespaceSelector: { matchLabels: { [LABEL]: kind } },
        // With Ignore, a failed call would count as a fast one.
        failurePolicy: 'Fail',
        reinvocationPolicy: 'IfNeeded',
        sideEffects: 'None',
        timeoutSeconds: 5,
        admissionReviewVersions: ['v1'],
      },
    ],
  };
}
