import { code, table } from '../support/markdown.ts';
import { rowNames } from './arguments.ts';
import type { Measured } from './measured.ts';
import { peerTable } from './peers.ts';
import { keyOf, readKey, type SampleKey, type Samples } from './samples.ts';
import { ratios, spread } from './statistics.ts';
import { boundOf, shown, verdictsOn } from './targets.ts';

/** A table of docs/benchmarks.md: one figure of one row, for each variant and server. */
interface Detail {
  readonly row: string;
  readonly figure: string;
  readonly variant: string;
  readonly unit: string;
  /** The samples that a line is compared with. */
  readonly base: (key: SampleKey) => SampleKey;
}

const FLOOR = 'fastify';
const floor = (key: SampleKey): SampleKey => ({ ...key, server: FLOOR });
const leastOf = (key: SampleKey): SampleKey => ({
  ...key,
  variant: key.variant.includes('namespaces') ? '10 namespaces' : '1 profile',
});

const details: Readonly<Record<string, Detail>> = {
  reviews: { row: 'throughput', figure: 'perSecond', variant: 'connections', unit: 'reviews/s', base: floor },
  cpu: { row: 'throughput', figure: 'cpu', variant: 'connections', unit: 'us of CPU per review', base: floor },
  p50: { row: 'throughput', figure: 'p50', variant: 'connections', unit: 'us, p50', base: floor },
  p99: { row: 'throughput', figure: 'p99', variant: 'connections', unit: 'us, p99', base: floor },
  generator: { row: 'throughput', figure: 'generatorShare', variant: 'connections', unit: 'of its core', base: floor },
  server: { row: 'throughput', figure: 'serverShare', variant: 'connections', unit: 'of its core', base: floor },
  creationP50: { row: 'creation', figure: 'p50', variant: 'at a time', unit: 'ms, p50', base: floor },
  creationP99: { row: 'creation', figure: 'p99', variant: 'at a time', unit: 'ms, p99', base: floor },
  podGrowth: { row: 'pod-growth', figure: 'cpu', variant: 'pod', unit: 'us of CPU per review', base: floor },
  podAnswer: { row: 'pod-growth', figure: 'answerBytes', variant: 'pod', unit: 'bytes of the answer', base: floor },
  clusterGrowth: {
    row: 'cluster-growth',
    figure: 'cpu',
    variant: 'cluster',
    unit: 'us of CPU per review',
    base: leastOf,
  },
  clusterMemory: { row: 'cluster-growth', figure: 'rss', variant: 'cluster', unit: 'MiB at rest', base: leastOf },
  coldStart: { row: 'cold-start', figure: 'ms', variant: '', unit: 'ms', base: floor },
  firstReviewsCpu: { row: 'first-reviews', figure: 'cpu', variant: '', unit: 'us of CPU per review', base: floor },
  firstReviewsP50: { row: 'first-reviews', figure: 'p50', variant: '', unit: 'us, p50', base: floor },
  memory: { row: 'memory', figure: 'rss', variant: 'when', unit: 'MiB', base: floor },
};

/** The names of the tables, in order. */
export const tableNames: readonly string[] = ['machine', 'targets', 'peers', ...Object.keys(details)];

/** The text of a table of docs/benchmarks.md. Throws for an unknown name. */
export function tableOf(name: string, measured: Partial<Measured>): string {
  const { samples = {} } = measured;
  if (name === 'machine') return machine(measured);
  if (name === 'targets') return targetTable(samples);
  if (name === 'peers') return peerTable(samples);
  const detail = details[name];
  if (!detail) throw new Error(`docs/benchmarks.md has an unknown table "${name}"`);
  return detailTable(detail, samples);
}

/** The sentence of README.md: how long a caller waits for an answer, one at a time. */
export function speedText(samples: Samples): string {
  const [known = Number.NaN, unknown = Number.NaN] = ['product', 'product-strangers'].map(
    (server) => spread(samples[keyOf({ row: 'throughput', variant: '1', server, figure: 'p50' })] ?? []).median / 1000,
  );
  return `An admission takes ${known.toFixed(1)} ms (${unknown.toFixed(1)} ms for a ReplicaSet not seen before), the round trip over TLS included`;
}

function machine({ machine: on, versions, run }: Partial<Measured>): string {
  if (!on || !versions || !run) return 'Nothing has been measured yet.';
  return [
    `Measured on ${run.day}, commit ${code(versions.commit)}, in windows of ${run.seconds} s, ${run.rounds} rounds.`,
    '',
    `- ${on.cores} cores of ${on.cpu}, ${on.memoryGiB} GiB of memory, ${on.kernel}; ${on.pinned ? 'server and load generator on one core each' : 'server and load generator share the cores'}`,
    `- Node ${versions.node}, Fastify ${versions.fastify}, Kubernetes ${versions.kubernetes}`,
    `- final memory after ${run.reviews.toLocaleString('en')} reviews`,
  ].join('\n');
}

function targetTable(samples: Samples): string {
  return table(
    ['what', 'target', 'measured', 'result'],
    verdictsOn(samples, rowNames).map(({ target, value, met }) => [
      target.what,
      boundOf(target),
      Number.isNaN(value) ? '?' : `${shown(value)} ${target.unit}`.trimEnd(),
      Number.isNaN(value) ? 'not measured' : met ? 'met' : target.aim === true ? 'not yet' : '**not met**',
    ]),
  );
}

function detailTable({ row, figure, variant, unit, base }: Detail, samples: Samples): string {
  const lines = Object.entries(samples)
    .map(([key, values]) => ({ key: readKey(key), values }))
    .filter(({ key }) => key.row === row && key.figure === figure)
    .map(({ key, values }) => {
      const { min, median, max } = spread(values);
      const ratio = ratioOf(values, samples[keyOf(base(key))] ?? []);
      return [
        ...(variant === '' ? [] : [key.variant]),
        nameOf(key.server),
        ...[min, median, max].map(shown),
        Number.isNaN(ratio) ? '' : shown(ratio),
      ];
    });
  const against = base === floor ? '× bare Fastify' : '× the smallest';
  return table([...(variant === '' ? [] : [variant]), 'server', `min (${unit})`, 'median', 'max', against], lines);
}

/** The ratio round by round if both have the same number of rounds, else of the medians. */
function ratioOf(values: readonly number[], base: readonly number[]): number {
  if (values.length === base.length) return spread(ratios(values, base)).median;
  return spread(values).median / spread(base).median;
}

const names: Readonly<Record<string, string>> = {
  raw: 'raw node:https',
  fastify: 'bare Fastify',
  'fastify in one file': 'bare Fastify, bundled into one file',
  'fastify with a small answer': 'bare Fastify, with the answer for the recorded pod',
  none: 'no webhook',
  product: 'agent-injector',
  'product-strangers': 'agent-injector, every pod of a ReplicaSet not seen before',
  'product-many': 'agent-injector, pods of 2,000 Deployments',
  standalone: 'agent-injector, standalone',
  cluster: 'agent-injector, with a cluster of 1,000 namespaces',
};

function nameOf(server: string): string {
  return names[server] ?? server;
}
