import type { Client } from '../../support/client.ts';
import { podOf } from '../../support/pod.ts';
import type { Combination } from './combinations.ts';
import { BARE, dryRun } from './proof.ts';

/** Milliseconds of a dry-run creation, and of what the API server's own metric says of the mutating policy. */
export interface Cost {
  readonly policy: string;
  readonly kilobytes: number;
  readonly without: Spread;
  readonly with: Spread;
  readonly checks: number;
  readonly meanCheck: number;
}

export interface Spread {
  readonly median: number;
  readonly p95: number;
}

const ROUNDS = 200;

/** Creations with and without a policy in turn, so that a slow phase of the machine slows both. */
export async function costs(client: Client, combinations: readonly Combination[]): Promise<readonly Cost[]> {
  const rows: Cost[] = [];
  for (const { name, policies } of combinations) {
    const before = await checksOf(client, name);
    const samples = { without: [] as number[], with: [] as number[] };
    for (let round = 0; round < ROUNDS; round++) {
      samples.without.push(await timed(client, BARE));
      samples.with.push(await timed(client, name));
    }
    const after = await checksOf(client, name);
    const checks = after.count - before.count;
    rows.push({
      policy: name,
      kilobytes: Math.round(JSON.stringify(policies.mutating).length / 1024),
      without: spreadOf(samples.without),
      with: spreadOf(samples.with),
      checks,
      meanCheck: rounded(((after.sum - before.sum) / checks) * 1000),
    });
  }
  return rows;
}

async function timed(client: Client, namespace: string): Promise<number> {
  const start = performance.now();
  await dryRun(client, namespace, podOf(namespace, 'web'));
  return performance.now() - start;
}

async function checksOf(client: Client, policy: string): Promise<{ readonly sum: number; readonly count: number }> {
  const { body } = await client.request('GET', '/metrics');
  const total = (what: string): number => {
    const pattern = new RegExp(
      `^apiserver_mutating_admission_policy_check_duration_seconds_${what}\\{(.*)\\} (\\S+)$`,
      'gm',
    );
    return [...String(body).matchAll(pattern)]
      .filter(([, labels = '']) => labels.includes(`policy="${policy}"`))
      .reduce((sum, [, , value]) => sum + Number(value), 0);
  };
  return { sum: total('sum'), count: total('count') };
}

function spreadOf(samples: readonly number[]): Spread {
  const sorted = samples.toSorted((one, other) => one - other);
  const at = (share: number): number => rounded(sorted[Math.floor(sorted.length * share)] ?? 0);
  return { median: at(0.5), p95: at(0.95) };
}

const rounded = (milliseconds: number): number => Math.round(milliseconds * 100) / 100;
