import type { RowName } from './arguments.ts';
import type { Samples } from './samples.ts';
import { ratios, spread } from './statistics.ts';

/** A performance target, and how its value is computed from the samples. */
export interface Target {
  readonly row: RowName;
  readonly what: string;
  readonly most?: number;
  readonly least?: number;
  /** The unit: `×` (times the floor in the same run), `ms`… */
  readonly unit: string;
  /** An aim is reported, but a miss does not fail the bench. */
  readonly aim?: boolean;
  /** NaN if it was not measured. */
  readonly value: (samples: Samples) => number;
}

const valuesOf = (samples: Samples, key: string): readonly number[] => samples[key] ?? [];
const median = (key: string) => (samples: Samples) => spread(valuesOf(samples, key)).median;
const most = (key: string) => (samples: Samples) => spread(valuesOf(samples, key)).max;
const ratio = (key: string, base: string) => (samples: Samples) => {
  const [values, floor] = [valuesOf(samples, key), valuesOf(samples, base)];
  return values.length === 0 || floor.length === 0 ? Number.NaN : spread(ratios(values, floor)).median;
};
const difference = (key: string, base: string) => (samples: Samples) => median(key)(samples) - median(base)(samples);

const throughput = (connections: number, figure: string, product = 'product', floor = 'fastify') =>
  ratio(`throughput/${connections}/${product}/${figure}`, `throughput/${connections}/${floor}/${figure}`);

/** CPU of an additional container between 10 and 30, relative to one between 1 and 10. */
const bend = (product: string) => (samples: Samples) => {
  const [one, ten, thirty] = [1, 10, 30].map((count) => median(`pod-growth/${count}x20/${product}/cpu`)(samples));
  return ((thirty ?? 0) - (ten ?? 0)) / 20 / (((ten ?? 0) - (one ?? 0)) / 9);
};

const creation = (connections: number, figure: string) =>
  ratio(`creation/${connections}/product/${figure}-of-all`, `creation/${connections}/fastify/${figure}-of-all`);

const cluster = (variant: string, base: string) =>
  ratio(`cluster-growth/${variant}/product/cpu`, `cluster-growth/${base}/product/cpu`);

/** Kinds of reviewed pods, with the most CPU per review, of bare Fastify's: for the recorded pod, and for one of 30 containers. */
const pods = [
  { product: 'product', which: '', cpu: 1.33, large: 2 },
  { product: 'product-strangers', which: '; every pod of a ReplicaSet not seen before', cpu: 2, large: 3 },
] as const;

export const targets: readonly Target[] = [
  ...[8, 64].flatMap((connections) =>
    pods.flatMap(({ product, which, cpu }): readonly Target[] => [
      {
        row: 'throughput',
        what: `reviews/s at ${connections} connections, relative to bare Fastify${which}`,
        least: 0.75,
        unit: '×',
        aim: product !== 'product',
        value: throughput(connections, 'perSecond', product),
      },
      {
        row: 'throughput',
        what: `CPU per review at ${connections} connections, relative to bare Fastify${which}`,
        most: cpu,
        unit: '×',
        value: throughput(connections, 'cpu', product),
      },
      {
        row: 'throughput',
        what: `reviews/s at ${connections} connections, relative to raw node:https${which}`,
        least: 0.75,
        unit: '×',
        aim: true,
        value: throughput(connections, 'perSecond', product, 'raw'),
      },
    ]),
  ),
  ...[1, 8].flatMap((count) =>
    ['p50', 'p99'].map((figure): Target => ({
      row: 'creation',
      what: `pod creation, ${count} at a time: ${figure}, relative to bare Fastify as the webhook`,
      most: 1.05,
      unit: '×',
      value: creation(count, figure),
    })),
  ),
  {
    row: 'throughput',
    what: 'size of the answer for the recorded pod',
    most: 2048,
    unit: 'bytes',
    value: most('throughput/8/product/answerBytes'),
  },
  {
    row: 'throughput',
    what: 'p50 at 1 connection, relative to bare Fastify',
    most: 1.3,
    unit: '×',
    value: throughput(1, 'p50'),
  },
  {
    row: 'throughput',
    what: 'p99 at 8 connections, relative to bare Fastify',
    most: 1.5,
    unit: '×',
    value: throughput(8, 'p99'),
  },
  ...pods.flatMap(({ product, which, large }): readonly Target[] => [
    {
      row: 'pod-growth',
      what: `CPU per additional container from 10 to 30 containers, relative to that from 1 to 10 (linear: 1)${which}`,
      most: 1.25,
      unit: '×',
      value: bend(product),
    },
    {
      row: 'pod-growth',
      what: `CPU per review of a pod with 30 containers of 20 variables each, relative to bare Fastify${which}`,
      most: large,
      unit: '×',
      value: ratio(`pod-growth/30x20/${product}/cpu`, 'pod-growth/30x20/fastify/cpu'),
    },
  ]),
  {
    row: 'cluster-growth',
    what: 'CPU per review with 1,000 namespaces, relative to that with 10',
    most: 1.05,
    unit: '×',
    value: cluster('1000 namespaces', '10 namespaces'),
  },
  {
    row: 'cluster-growth',
    what: 'CPU per review with 10,000 namespaces, relative to that with 10',
    most: 1.05,
    unit: '×',
    value: cluster('10000 namespaces', '10 namespaces'),
  },
  {
    row: 'cluster-growth',
    what: 'CPU per review with 20 user profiles, relative to that with 1',
    most: 1.05,
    unit: '×',
    value: cluster('20 profiles', '1 profile'),
  },
  {
    row: 'cluster-growth',
    what: 'CPU per review with 100 user profiles, relative to that with 1',
    most: 1.05,
    unit: '×',
    value: cluster('100 profiles', '1 profile'),
  },
  {
    row: 'cluster-growth',
    what: 'increase in memory from 10 to 10,000 namespaces',
    most: 25,
    unit: 'MiB',
    value: difference('cluster-growth/10000 namespaces/product/rss', 'cluster-growth/10 namespaces/product/rss'),
  },
  {
    row: 'cold-start',
    what: 'cold start, standalone, relative to bare Fastify (300 ms if that takes 240 ms)',
    most: 1.25,
    unit: '×',
    value: ratio('cold-start/start/standalone/ms', 'cold-start/start/fastify/ms'),
  },
  {
    row: 'cold-start',
    what: 'cold start in a cluster of 1,000 namespaces, relative to bare Fastify (600 ms if that takes 240 ms)',
    most: 2.5,
    unit: '×',
    value: ratio('cold-start/start/cluster/ms', 'cold-start/start/fastify/ms'),
  },
  {
    row: 'cold-start',
    what: 'connections accepted before the server could answer correctly',
    most: 0,
    unit: '',
    value: (samples) =>
      Math.max(...['standalone', 'cluster'].map((name) => most(`cold-start/start/${name}/early`)(samples))),
  },
  ...(['cpu', 'p50'] as const).map((figure): Target => ({
    row: 'first-reviews',
    what: `${figure === 'cpu' ? 'CPU per review' : 'p50'} of the first 200 reviews after a start, 20 a second, relative to bare Fastify just started`,
    most: 1.5,
    unit: '×',
    value: ratio(`first-reviews/first 200/product/${figure}`, `first-reviews/first 200/fastify/${figure}`),
  })),
  {
    row: 'memory',
    what: 'memory at rest, minus that of bare Fastify',
    most: 30,
    unit: 'MiB',
    value: difference('memory/idle/product/rss', 'memory/idle/fastify/rss'),
  },
  {
    row: 'memory',
    what: 'memory under load, half of the pods not seen before',
    most: 150,
    unit: 'MiB',
    value: most('memory/load/product/rss'),
  },
  {
    row: 'memory',
    what: 'increase in memory from 50,000 reviews to all reviews',
    most: 10,
    unit: 'MiB',
    value: difference('memory/after all/product/rss', 'memory/after 50000/product/rss'),
  },
];

/** A target with its measured value. */
export interface Verdict {
  readonly target: Target;
  readonly value: number;
  readonly met: boolean;
}

/** The verdicts on the targets of these rows. A target that was not measured is not met. */
export function verdictsOn(samples: Samples, rows: readonly string[]): readonly Verdict[] {
  return targets
    .filter(({ row }) => rows.includes(row))
    .map((target) => {
      const value = target.value(samples);
      return { target, value, met: isMet(target, value) };
    });
}

/** False for NaN. */
export function isMet(
  { most: top = Number.POSITIVE_INFINITY, least = Number.NEGATIVE_INFINITY }: Pick<Target, 'most' | 'least'>,
  value: number,
): boolean {
  return value <= top && value >= least;
}

/** Formats a figure with about three digits. */
export function shown(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(Number.isInteger(value) || size >= 100 ? 0 : size >= 10 ? 1 : size >= 2 ? 2 : 3);
}

/** `at most 1.33 ×` */
export function boundOf({ most: top, least, unit, aim }: Target): string {
  const bound = top === undefined ? `at least ${least}` : `at most ${top}`;
  return `${bound} ${unit}`.trimEnd() + (aim === true ? ' (an aim)' : '');
}
