import { expect, it } from 'vitest';
import { type Limits, nextStep, type RunState, type Step } from '../../../src/diagnostics/rollout/schedule.ts';
import type { Progress } from '../../../src/kubernetes/rollout/progress.ts';

// Which workloads are next, and when a run stops.

const limits: Limits = { atATime: 2, perNamespace: 9, pauseMs: 0 };
const going: Progress = { kind: 'progressing', what: 'it starts' };
const failed: Progress = { kind: 'failed', why: 'it crashes' };
const complete: Progress = { kind: 'complete' };

const named = (id: string) => ({ id, namespace: id.split('/', 1)[0] ?? '' });
const waiting = (...ids: readonly string[]) => ids.map(named);
const running = (...all: readonly (readonly [id: string, progress: Progress])[]) =>
  all.map(([id, progress]) => ({ ...named(id), progress, isEarlier: id.endsWith('earlier') }));

const rest = { waiting: [], running: [], sinceCompleteMs: undefined, isOpen: true };

it.each<[string, Partial<RunState>, Partial<Limits>, Step]>([
  ['nothing to do', {}, {}, { kind: 'end' }],
  ['the last one is complete', { running: running(['a/1', complete]) }, {}, { kind: 'end' }],
  ['the last one goes on', { running: running(['a/1', going]) }, {}, { kind: 'wait', for: 'pods' }],
  ['as many as fit', { waiting: waiting('a/1', 'a/2', 'a/3') }, {}, { kind: 'start', ids: ['a/1', 'a/2'] }],
  [
    'one place is left',
    { waiting: waiting('a/2', 'a/3'), running: running(['a/1', going]) },
    {},
    { kind: 'start', ids: ['a/2'] },
  ],
  [
    'a complete one leaves its place',
    { waiting: waiting('a/3'), running: running(['a/1', complete], ['a/2', going]) },
    {},
    { kind: 'start', ids: ['a/3'] },
  ],
  [
    'no place is left',
    { waiting: waiting('a/3'), running: running(['a/1', going], ['a/2', going]) },
    {},
    { kind: 'wait', for: 'pods' },
  ],
  [
    'one failed, and places are left',
    { waiting: waiting('a/3'), running: running(['a/1', complete], ['a/2', failed]) },
    {},
    { kind: 'stop', id: 'a/2', why: 'it crashes' },
  ],
  [
    'one failed, and nothing is left',
    { running: running(['a/1', failed]) },
    {},
    { kind: 'stop', id: 'a/1', why: 'it crashes' },
  ],
  [
    'another namespace has its turn',
    { waiting: waiting('a/2', 'a/3', 'b/1'), running: running(['a/1', going]) },
    { perNamespace: 1 },
    { kind: 'start', ids: ['b/1'] },
  ],
  [
    'one of each namespace',
    { waiting: waiting('a/1', 'a/2', 'b/1', 'c/1') },
    { atATime: 9, perNamespace: 1 },
    { kind: 'start', ids: ['a/1', 'b/1', 'c/1'] },
  ],
  [
    'its namespace is busy',
    { waiting: waiting('a/2'), running: running(['a/1', going]) },
    { perNamespace: 1 },
    { kind: 'wait', for: 'pods' },
  ],
  ['the window is closed', { waiting: waiting('a/1'), isOpen: false }, {}, { kind: 'wait', for: 'window' }],
  ['the window is closed, and nothing waits', { isOpen: false }, {}, { kind: 'end' }],
  [
    'the window is closed, and one fails',
    { waiting: waiting('a/2'), running: running(['a/1', failed]), isOpen: false },
    {},
    { kind: 'stop', id: 'a/1', why: 'it crashes' },
  ],
  [
    'the pause is not over',
    { waiting: waiting('a/2'), sinceCompleteMs: 999 },
    { pauseMs: 1000 },
    { kind: 'wait', for: 'pause' },
  ],
  [
    'the pause is over',
    { waiting: waiting('a/2'), sinceCompleteMs: 1000 },
    { pauseMs: 1000 },
    { kind: 'start', ids: ['a/2'] },
  ],
  [
    'what an earlier run has begun is not complete',
    { waiting: waiting('a/2'), running: running(['a/earlier', going]) },
    {},
    { kind: 'wait', for: 'pods' },
  ],
  [
    'what an earlier run has begun is complete',
    { waiting: waiting('a/2'), running: running(['a/earlier', complete]) },
    {},
    { kind: 'start', ids: ['a/2'] },
  ],
  ['no pause before the first', { waiting: waiting('a/1') }, { pauseMs: 1000 }, { kind: 'start', ids: ['a/1'] }],
])('%s', (_, state, given, expected) => {
  expect(nextStep({ ...rest, ...state }, { ...limits, ...given })).toEqual(expected);
});
