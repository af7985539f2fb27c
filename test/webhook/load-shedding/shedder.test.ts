import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { DecisionSummary } from '../../../src/admission/decision.ts';
import type { Json } from '../../../src/lib/json.ts';
import { LoadShedder } from '../../../src/webhook/load-shedding/shedder.ts';
import { namespace } from '../../support/fixtures.ts';
import { podOf, reviewText } from '../../support/reviews.ts';

const REQUIRED = { 'agent-injector.io/injection': 'required' };
const known = new Map(
  [namespace(), { ...namespace(), name: 'must', labels: REQUIRED }].map((one) => [one.name, one] as const),
);
let counted: { decision: DecisionSummary; namespace: string | undefined }[];
let lines: object[];
let shedding: LoadShedder;
beforeEach(() => {
  counted = [];
  lines = [];
  shedding = new LoadShedder({
    namespaces: { get: (name) => known.get(name), fetch: async () => ({ kind: 'absent' }) },
    metrics: { reviewed: (decision, name) => counted.push({ decision, namespace: name }), recalled: () => {} },
    log: { info: () => {}, warn: () => {}, error: (fields) => lines.push(fields), child: () => ({ info: () => {} }) },
  });
});

const response = (text: string | undefined): object | undefined =>
  text === undefined ? undefined : (JSON.parse(text) as { response: object }).response;
const look = (body: string, timeout: string, turn: number, request = turn): object | undefined =>
  response(shedding.evaluate(Buffer.from(body), timeout, { turn, request }, () => JSON.parse(body) as Json));

const plain = reviewText('shop', podOf(1, 1), 'the-uid');
const labelled = reviewText('shop', podOf(1, 1, REQUIRED), 'the-uid');
const within = reviewText('must', podOf(1, 1), 'the-uid');

const admitted = {
  uid: 'the-uid',
  allowed: true,
  warnings: [expect.stringContaining('not injected: overloaded: ')],
  auditAnnotations: {
    decision: 'skipped',
    reason: 'overloaded',
    message: expect.any(String),
  },
};

describe('a review that has waited', () => {
  it.each([
    ['5s', 1000, undefined],
    ['5s', 1001, admitted],
    ['2s', 500, undefined],
    ['2s', 501, admitted],
    ['', 1001, admitted],
  ])('of a timeout of %s for %d ms', (timeout, waited, expected) => {
    expect(look(plain, timeout, waited)).toEqual(expected);
  });

  it('for its body alone is shed only when its time is over', () => {
    expect(look(plain, '5s', 0, 4500)).toBeUndefined();
    expect(look(plain, '5s', 0, 4501)).toEqual(admitted);
  });

  it('is counted with its namespace', () => {
    look(plain, '5s', 2000);
    expect(counted).toMatchObject([
      { decision: { outcome: 'skipped', reason: { code: 'overloaded' } }, namespace: 'shop' },
    ]);
  });
});

describe.each([
  ['by its label', labelled],
  ['by its namespace', within],
])('a pod that is required %s', (_, body) => {
  it('is given more time, and then refused', () => {
    expect(look(body, '10s', 3000)).toBeUndefined();
    expect(look(body, '10s', 3001)).toMatchObject({
      allowed: false,
      status: {
        code: 403,
        message: expect.stringContaining('(overloaded)'),
      },
    });
    expect(look(body, '2s', 1500)).toBeUndefined();
    expect(look(body, '2s', 1000, 1501)).toMatchObject({ allowed: false });
    expect(counted.map(({ decision }) => decision.outcome)).toEqual(['refused', 'refused']);
  });
});

it('a pod that only says "required" somewhere is not refused', () => {
  const body = reviewText('shop', podOf(1, 1, { tier: 'required' }), 'the-uid');
  expect(look(body, '10s', 2000)).toBeUndefined();
  expect(look(body, '10s', 3001)).toEqual(admitted);
});

it.each([
  ['of a namespace that is not known', reviewText('elsewhere', podOf(1, 1), 'the-uid')],
  ['that is not as an API server writes it', JSON.stringify(JSON.parse(plain), undefined, 1)],
  ['that is no JSON to its end', within.slice(0, -20)],
  ['that is no review', '{}'],
])('a review %s is left to whoever decides', (_, body) => {
  expect(look(body, '5s', 60_000)).toBeUndefined();
});

it('many reviews are one line a second', () => {
  vi.useFakeTimers();
  try {
    for (let count = 0; count < 1000; count++) look(plain, '5s', 2000);
    look(within, '5s', 5000);
    expect(lines).toEqual([]);
    vi.advanceTimersByTime(1000);
    expect(lines).toEqual([{ reason: 'overloaded', admitted: 1000, refused: 1, namespaces: ['shop', 'must'] }]);
    vi.advanceTimersByTime(10_000);
    expect(lines).toHaveLength(1);
  } finally {
    vi.useRealTimers();
  }
});
