import { describe, expect, it } from 'vitest';
import { AGENT_STATES } from '../../../src/api/agent-state.ts';
import { toneOf } from '../../../src/page-app/table/tone.ts';
import {
  COLUMNS,
  parseSort,
  severityOf,
  sortAfterClick,
  sortText,
  sortWorkloads,
  STANDARD_SORT,
} from '../../../src/page-app/table/sorting.ts';
import { workloadRow } from '../../support/workload-row.ts';

describe('severity', () => {
  const breaker = {
    namespace: 'shop',
    workload: 'ReplicaSet/web',
    shown: 'Deployment/web',
    profiles: {},
    phase: 'open' as const,
    why: '',
    since: 0,
    until: 0,
    cooldownMs: 0,
    stops: true,
  };
  const worstFirst = [
    workloadRow({ breakers: [breaker] }),
    workloadRow({ states: { crashing: 1, running: 9 } }),
    workloadRow({ states: { 'no-sign': 1 } }),
    workloadRow({ missing: 1 }),
    workloadRow({ outdated: 1 }),
    workloadRow({ leftover: 1 }),
    workloadRow({ states: { starting: 1 } }),
    workloadRow({ states: { running: 1 } }),
    workloadRow({ states: { alive: 1 } }),
    workloadRow({ states: {}, injected: 0, asked: 0 }),
  ];

  it('orders workloads by the worst about them', () => {
    const numbers = worstFirst.map(severityOf);
    expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(sortWorkloads(worstFirst.toReversed(), STANDARD_SORT)).toEqual(worstFirst);
  });

  it('of pods that cannot be injected is that of a gap', () => {
    const without = { states: {}, injected: 0 };
    expect(severityOf(workloadRow({ ...without, asked: 2 }))).toBeLessThan(
      severityOf(workloadRow({ ...without, asked: 0 })),
    );
  });

  it('of a breaker that was cleared is that of the pods', () => {
    const cleared = workloadRow({ breakers: [{ ...breaker, phase: 'cleared' }] });
    expect(severityOf(cleared)).toBe(severityOf(workloadRow()));
  });

  it('has a tone for each state', () => {
    expect(AGENT_STATES.map(toneOf)).toEqual(['bad', 'bad', 'bad', 'bad', 'bad', 'warn', 'quiet', 'quiet', 'good']);
  });
});

describe('sorting', () => {
  const rows = [
    workloadRow({ namespace: 'b', workload: 'Job/x', outdated: 2, injected: 1, asked: 2, missing: 1 }),
    workloadRow({ namespace: 'a', workload: 'StatefulSet/y', outdated: 0, injected: 0, asked: 0, missing: 0 }),
    workloadRow({ namespace: 'c', workload: 'Deployment/a', outdated: 5, injected: 0, asked: 3, missing: 3 }),
  ];
  const order = (column: (typeof COLUMNS)[number]): readonly string[] =>
    sortWorkloads(rows, { column, descending: false }).map(({ namespace }) => namespace);

  it('is by name without the kind, by share of pods with an agent, and by the most outdated', () => {
    expect(order('namespace')).toEqual(['a', 'b', 'c']);
    expect(order('workload')).toEqual(['c', 'b', 'a']);
    expect(order('agents')).toEqual(['c', 'b', 'a']);
    expect(order('outdated')).toEqual(['c', 'b', 'a']);
  });

  it.each(COLUMNS)('by %s keeps the order of what is equal, in both directions', (column) => {
    const same = [workloadRow({ pods: 1 }), workloadRow({ pods: 2 }), workloadRow({ pods: 3 })];
    for (const descending of [false, true]) expect(sortWorkloads(same, { column, descending })).toEqual(same);
  });

  it('has an address, and a click on the same column turns it round', () => {
    for (const column of COLUMNS) {
      for (const descending of [false, true]) {
        expect(parseSort(sortText({ column, descending }))).toEqual({ column, descending });
      }
    }
    expect(parseSort('-constructor')).toEqual(STANDARD_SORT);
    expect(sortText(STANDARD_SORT)).toBe('');
    expect(sortAfterClick({ column: 'why', descending: false }, 'why')).toEqual({ column: 'why', descending: true });
    expect(sortAfterClick({ column: 'why', descending: true }, 'agents').descending).toBe(false);
  });
});
