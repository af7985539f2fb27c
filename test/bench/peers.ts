import { table } from '../support/markdown.ts';
import { keyOf, type Samples } from './samples.ts';
import { ratios, spread } from './statistics.ts';
import { shown } from './targets.ts';

/**
 * Microseconds of CPU per review of the recorded pod at 8 connections, measured before this bench existed: 2 cores of the same kind, Node 20.20.2, the medians
 * of three interleaved rounds. Only the ratios to the raw node:https of that run can be compared with ours.
 */
const elsewhere = {
  raw: 60,
  peers: [
    { name: 'Elastic apm-k8s-attacher', cpu: 162 },
    { name: 'vault-k8s', cpu: 340 },
    { name: 'OpenTelemetry Operator', cpu: 672 },
    { name: 'New Relic k8s-agents-operator', cpu: 681 },
    { name: 'Pepr 1.1.4', cpu: 824 },
  ],
} as const;

/** Our servers, as the peers were measured. */
const ours = [
  { name: 'bare Fastify', server: 'fastify' },
  { name: '**agent-injector**', server: 'product' },
  { name: '**agent-injector**, every pod of a ReplicaSet not seen before', server: 'product-strangers' },
] as const;

/** CPU per review of other webhooks beside ours, each as a ratio to the raw node:https of its own run. */
export function peerTable(samples: Samples): string {
  const cpuOf = (server: string): readonly number[] =>
    samples[keyOf({ row: 'throughput', variant: '8', server, figure: 'cpu' })] ?? [];
  const raw = cpuOf('raw');
  const lines = [
    { name: 'raw node:https', ratio: 1, run: 'both' },
    ...ours.map(({ name, server }) => ({ name, ratio: spread(ratios(cpuOf(server), raw)).median, run: 'this' })),
    ...elsewhere.peers.map(({ name, cpu }) => ({ name, ratio: cpu / elsewhere.raw, run: 'the earlier one' })),
  ];
  return table(
    ['server', '× raw node:https', 'run'],
    lines
      .toSorted((one, other) => one.ratio - other.ratio)
      .map(({ name, ratio, run }) => [name, Number.isNaN(ratio) ? '?' : shown(ratio), run]),
  );
}
