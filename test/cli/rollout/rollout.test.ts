import { describe, expect, it } from 'vitest';
import type { Pace } from '../../../src/cli/rollout/options.ts';
import type { Begun, Replacer } from '../../../src/cli/rollout/replacer.ts';
import { Rollout } from '../../../src/cli/rollout/rollout.ts';
import { type PlannedWorkload, workloadId } from '../../../src/diagnostics/rollout/plan.ts';
import type { Progress } from '../../../src/kubernetes/rollout/progress.ts';
import { ManualClock } from '../../support/manual-clock.ts';

// A run from its first to its last step, over workloads that take a number of looks until they are complete.

const going: Progress = { kind: 'progressing', what: 'it starts' };
const pace: Pace = { atATime: 2, perNamespace: 9, pauseMs: 0, settleMs: 0, timeoutMs: 600_000, window: undefined };

function workload(name: string, namespace = 'shop'): PlannedWorkload {
  const rest = { gaps: { missing: 1 }, pods: 1, replicas: 1, strategy: 'RollingUpdate', budgets: [], warnings: [] };
  return { namespace, workload: `Deployment/${name}`, ...rest };
}

interface Scene {
  readonly waiting: readonly string[];
  readonly unfinished?: readonly string[];
  /** Looks until a workload is complete; 2 by default. A text is why it fails at the second look. */
  readonly ends?: Readonly<Record<string, number | string>>;
  readonly begins?: Readonly<Record<string, Begun>>;
  readonly pace?: Partial<Pace>;
  /** Time of day in ms at the start. */
  readonly wall?: number;
}

interface Played {
  readonly exitCode: 0 | 1;
  readonly lines: readonly string[];
  readonly begun: readonly string[];
  readonly most: number;
  readonly elapsedMs: number;
}

async function play({ waiting, unfinished = [], ends = {}, begins = {}, wall = 0, ...rest }: Scene): Promise<Played> {
  const clock = new ManualClock();
  const lines: string[] = [];
  const begun: string[] = [];
  const looks = new Map<string, number>();
  const open = new Set(unfinished);
  let most = open.size;
  const replacer: Replacer = {
    begin: async (one) => {
      const name = nameOf(one);
      const answer = begins[name] ?? { kind: 'begun' };
      if (answer.kind !== 'begun') return answer;
      begun.push(name);
      open.add(name);
      most = Math.max(most, open.size);
      return answer;
    },
    observe: async (one) => {
      const name = nameOf(one);
      const look = (looks.get(name) ?? 0) + 1;
      looks.set(name, look);
      const end = ends[name] ?? 2;
      if (look < (typeof end === 'number' ? end : 2)) return going;
      if (typeof end === 'string') return { kind: 'failed', why: end };
      open.delete(name);
      return { kind: 'complete' };
    },
  };
  const rollout = new Rollout({
    replacer,
    pace: { ...pace, ...rest.pace },
    print: (line) => void lines.push(line),
    clock,
    wall: () => wall + clock.now(),
  });
  const ended = new AbortController();
  const running = rollout
    .run(
      waiting.map((name) => workload(name)),
      unfinished.map((name) => workload(name)),
    )
    .finally(() => {
      ended.abort();
    });
  while (!ended.signal.aborted) {
    await Promise.race([running, clock.whenOpen()]);
    if (clock.open > 0) clock.advanceToNext();
  }
  return { exitCode: await running, lines, begun, most, elapsedMs: clock.now() };
}

const nameOf = (one: PlannedWorkload): string => workloadId(one).split('/').at(-1) ?? '';

describe('a run', () => {
  it('begins with as many at a time as it may, in their order, and ends when all are complete', async () => {
    const played = await play({ waiting: ['a', 'b', 'c', 'd', 'e'], ends: { a: 4, b: 2 } });
    expect(played).toMatchObject({ exitCode: 0, begun: ['a', 'b', 'c', 'd', 'e'], most: 2 });
    expect(played.lines.at(-1)).toContain('5 of 5');
  });

  it('stops at the first that fails, and begins with no other', async () => {
    const played = await play({ waiting: ['a', 'b', 'c', 'd'], ends: { b: 'it crashes', a: 9 } });
    expect(played).toMatchObject({ exitCode: 1, begun: ['a', 'b'] });
    expect(played.lines.join('\n')).toMatch(/stopped at +shop\/Deployment\/b: it crashes/);
  });

  it('stops where the API server refuses, and begins with no other', async () => {
    const refused: Begun = { kind: 'failed', why: 'forbidden' };
    const played = await play({ waiting: ['a', 'b', 'c'], begins: { b: refused } });
    expect(played).toMatchObject({ exitCode: 1, begun: ['a'] });
  });

  it('goes on with what an earlier one has begun, which counts as in progress', async () => {
    const played = await play({ waiting: ['c', 'd'], unfinished: ['a', 'b'], ends: { a: 3, b: 4 } });
    expect(played).toMatchObject({ exitCode: 0, begun: ['c', 'd'], most: 2 });
    expect(played.lines.findIndex((line) => line.startsWith('begun'))).toBeGreaterThan(3);
    expect(played.lines.at(-1)).toContain('4 of 4');
  });

  it('stops at what an earlier one has begun, if that still fails', async () => {
    expect(await play({ waiting: ['b'], unfinished: ['a'], ends: { a: 'it crashes' } })).toMatchObject({
      exitCode: 1,
    });
  });

  it('leaves out what changed meanwhile: what is current counts as complete, what is skipped is an exit code', async () => {
    const current = await play({ waiting: ['a', 'b'], begins: { a: { kind: 'current' } } });
    expect(current).toMatchObject({ exitCode: 0, begun: ['b'] });
    const skipped = await play({ waiting: ['a', 'b'], begins: { a: { kind: 'skipped', why: 'it is gone' } } });
    expect(skipped).toMatchObject({ exitCode: 1, begun: ['b'] });
    expect(skipped.lines.join('\n')).toContain('it is gone');
  });

  it('pauses after each, and begins only within its window', async () => {
    const [plain, paused] = [
      await play({ waiting: ['a', 'b', 'c'], pace: { atATime: 1 } }),
      await play({ waiting: ['a', 'b', 'c'], pace: { atATime: 1, pauseMs: 60_000 } }),
    ];
    expect(paused.elapsedMs - plain.elapsedMs).toBeGreaterThanOrEqual(2 * 59_000);
    const window = { from: 10, to: 20, zone: 'UTC' };
    const later = await play({ waiting: ['a'], pace: { window } });
    expect(later.elapsedMs).toBeGreaterThanOrEqual(10 * 60_000);
    expect(later.lines.join('\n')).toContain('window');
    const now = await play({ waiting: ['a'], pace: { window }, wall: 15 * 60_000 });
    expect(now.elapsedMs).toBeLessThan(60_000);
  });

  it('has nothing to do without workloads', async () => {
    expect(await play({ waiting: [] })).toMatchObject({ exitCode: 0, begun: [] });
  });
});
