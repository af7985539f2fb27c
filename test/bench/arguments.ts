import { parseArgs } from 'node:util';

/** The rows, in the order of measurement. */
export const rowNames = [
  'throughput',
  'creation',
  'pod-growth',
  'cluster-growth',
  'cold-start',
  'first-reviews',
  'memory',
] as const;
export type RowName = (typeof rowNames)[number];

export interface Options {
  readonly only: readonly RowName[];
  readonly seconds: number;
  readonly rounds: number;
  /** Reviews of the memory row, after the first 50,000. */
  readonly reviews: number;
  /** Writes test/bench/measured.json, the source of docs/benchmarks.md. */
  readonly write: boolean;
  /** Exits with code 0 even if a target is missed. */
  readonly reportOnly: boolean;
  /** Takes a CPU profile of this server, instead of measuring rows. */
  readonly profile: 'product' | 'fastify' | 'raw' | undefined;
  readonly connections: number;
  /** Profiles with pods of new ReplicaSets. */
  readonly strangers: boolean;
}

export const usage = `npm run bench -- [options]
  --only NAMES       of ${rowNames.join(', ')}; with commas between
  --seconds N        of each window (10)
  --rounds N         of windows, server after server (3)
  --long             1,000,000 reviews for the memory row, not 200,000
  --write            keeps what was measured in test/bench/measured.json; only of a whole run, with windows of 10 s and 3 rounds at least
  --report-only      exit code 0 even when a target is missed
  --profile[=SERVER] where the CPU time of product, fastify or raw goes under load, and nothing else
  --connections N    of the profile (8)
  --strangers        of the profile: every pod of a ReplicaSet not seen before`;

/** Parses the command line. Throws an Error for invalid arguments. */
export function readArguments(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: args.map((arg) => (arg === '--profile' ? '--profile=product' : arg)),
    options: {
      only: { type: 'string', default: rowNames.join(',') },
      seconds: { type: 'string', default: '10' },
      rounds: { type: 'string', default: '3' },
      long: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      'report-only': { type: 'boolean', default: false },
      profile: { type: 'string' },
      connections: { type: 'string', default: '8' },
      strangers: { type: 'boolean', default: false },
    },
  });
  const only = values.only.split(',').map(rowNamed);
  const [seconds, rounds] = [positive('seconds', values.seconds), positive('rounds', values.rounds)];
  if (values.write && (only.length < rowNames.length || seconds < 10 || rounds < 3)) {
    throw new Error('--write keeps whole runs only: all rows, windows of 10 s and 3 rounds at least');
  }
  return {
    only,
    seconds,
    rounds,
    reviews: values.long ? 1_000_000 : 200_000,
    write: values.write,
    reportOnly: values['report-only'],
    profile: values.profile === undefined ? undefined : serverNamed(values.profile),
    connections: positive('connections', values.connections),
    strangers: values.strangers,
  };
}

function rowNamed(name: string): RowName {
  const found = rowNames.find((one) => one === name.trim());
  if (found) return found;
  throw new Error(`--only ${name}: there is no such row; there are ${rowNames.join(', ')}`);
}

function serverNamed(name: string): 'product' | 'fastify' | 'raw' {
  if (name === 'product' || name === 'fastify' || name === 'raw') return name;
  throw new Error(`--profile ${name}: there are product, fastify and raw`);
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new Error(`--${name} ${text} is not a number above 0`);
}
