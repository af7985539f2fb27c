import { beforeEach, describe, expect, it } from 'vitest';
import type { DecisionSummary } from '../../../src/admission/decision.ts';
import { answerDeadlineMs } from '../../../src/webhook/deadline.ts';
import type { QueueDelay } from '../../../src/webhook/load-shedding/queue-delay.ts';
import { LoadShedder } from '../../../src/webhook/load-shedding/shedder.ts';
import { catalogue, namespace } from '../../support/fixtures.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { podOf, reviewText } from '../../support/reviews.ts';

const REQUIRED = { 'agent-injector.io/injection': 'required' };
const known = new Map(
  [namespace(), { ...namespace(), name: 'must', labels: REQUIRED }].map((one) => [one.name, one] as const),
);
const absent = async (): Promise<{ kind: 'absent' }> => ({ kind: 'absent' });
let isStrict: boolean;
let counted: { decision: DecisionSummary; namespace: string | undefined }[];
let lines: object[];
let clock: ManualClock;
let shedder: LoadShedder;
beforeEach(() => {
  isStrict = false;
  counted = [];
  lines = [];
  clock = new ManualClock();
  shedder = new LoadShedder(
    {
      catalogue: () => ({ ...catalogue, strictRequired: isStrict }),
      namespaces: { get: (name) => known.get(name), fetch: absent, fetchLatest: absent },
      metrics: {
        recordReview: (decision, name) => counted.push({ decision, namespace: name }),
        recordCachedAnswer: () => {},
      },
      log: { info: () => {}, warn: () => {}, error: (fields) => lines.push(fields), child: () => ({ info: () => {} }) },
    },
    clock,
  );
});

const response = (text: string | undefined): object | undefined =>
  text === undefined ? undefined : (JSON.parse(text) as { response: object }).response;
const evaluate = (body: string, timeout: string, lastBytes: number, firstBytes = lastBytes): object | undefined =>
  evaluateOn(false, body, timeout, { lastBytes, firstBytes });
const evaluateOn = (required: boolean, body: string, timeout: string, delay: QueueDelay): object | undefined =>
  response(shedder.evaluate(Buffer.from(body), { required, deadlineMs: answerDeadlineMs(timeout) }, delay));

const plain = reviewText('shop', podOf(1, 1), 'the-uid');
const labelled = reviewText('shop', podOf(1, 1, REQUIRED), 'the-uid');
const inRequiredNamespace = reviewText('must', podOf(1, 1), 'the-uid');

const admitted = {
  uid: 'the-uid',
  allowed: true,
  warnings: [expect.stringContaining('overloaded')],
  auditAnnotations: expect.objectContaining({ decision: 'skipped', reason: 'overloaded' }),
};

describe('a review that has waited', () => {
  it.each([
    ['5s', 1000, undefined],
    ['5s', 1001, admitted],
    ['2s', 500, undefined],
    ['2s', 501, admitted],
    ['', 1001, admitted],
  ])('is shed beyond a third of its deadline, or one second: timeout %j, %d ms', (timeout, waited, expected) => {
    expect(evaluate(plain, timeout, waited)).toEqual(expected);
  });

  it('only for its body is shed only after its deadline', () => {
    expect(evaluate(plain, '5s', 0, 4500)).toBeUndefined();
    expect(evaluate(plain, '5s', 0, 4501)).toEqual(admitted);
  });

  it('is counted with its namespace', () => {
    evaluate(plain, '5s', 2000);
    expect(counted).toMatchObject([
      { decision: { outcome: 'skipped', reason: { code: 'overloaded' } }, namespace: 'shop' },
    ]);
  });
});

describe.each([
  ['by its label', labelled],
  ['by its namespace', inRequiredNamespace],
])('a pod that is required %s', (_, body) => {
  it('is given more time, and refused after that', () => {
    expect(evaluate(body, '10s', 3000)).toBeUndefined();
    expect(evaluate(body, '10s', 3001)).toMatchObject({
      allowed: false,
      status: { code: 403, message: expect.stringContaining('overloaded') },
    });
    expect(evaluate(body, '2s', 1500)).toBeUndefined();
    expect(evaluate(body, '2s', 1000, 1501)).toMatchObject({ allowed: false });
    expect(counted.map(({ decision }) => decision.outcome)).toEqual(['refused', 'refused']);
  });
});

describe('on the path for required pods', () => {
  const late = { lastBytes: 3001, firstBytes: 3001 };
  const denied = { allowed: false, status: { code: 403, message: expect.stringContaining('overloaded') } };
  const annotated = (annotations: object): string =>
    reviewText('must', { ...podOf(1, 1), metadata: { annotations } }, 'the-uid');

  it.each([
    ['of an enabled namespace', plain],
    ['of a required namespace', inRequiredNamespace],
    ['of an unknown namespace', reviewText('elsewhere', podOf(1, 1), 'the-uid')],
  ])('a pod %s is given more time, and refused after that', (_, body) => {
    expect(evaluateOn(true, body, '10s', { lastBytes: 3000, firstBytes: 3000 })).toBeUndefined();
    expect(evaluateOn(true, body, '10s', late)).toMatchObject(denied);
  });

  it('an unknown namespace is not counted by its name', () => {
    evaluateOn(true, reviewText('elsewhere', podOf(1, 1), 'the-uid'), '10s', late);
    expect(counted).toMatchObject([{ namespace: undefined }]);
  });

  it.each([
    ['the label', reviewText('must', podOf(1, 1, { 'agent-injector.io/injection': 'disabled' }), 'the-uid')],
    ['the annotation', annotated({ 'agent-injector.io/inject': 'false' })],
  ])('a pod that opts out by %s is admitted, unless strictRequired is set', (_, body) => {
    expect(evaluateOn(true, body, '10s', late)).toEqual(admitted);
    isStrict = true;
    expect(evaluateOn(true, body, '10s', late)).toMatchObject(denied);
  });

  it('a pod that only mentions a way out is refused', () => {
    expect(evaluateOn(true, annotated({ 'agent-injector.io/inject': 'true' }), '10s', late)).toMatchObject(denied);
  });
});

it('a pod with "required" in another place is not refused', () => {
  const body = reviewText('shop', podOf(1, 1, { tier: 'required' }), 'the-uid');
  expect(evaluate(body, '10s', 2000)).toBeUndefined();
  expect(evaluate(body, '10s', 3001)).toEqual(admitted);
});

it.each([
  ['of an unknown namespace', reviewText('elsewhere', podOf(1, 1), 'the-uid')],
  ['in another format than the API server writes', JSON.stringify(JSON.parse(plain), undefined, 1)],
  ['that is not valid JSON', inRequiredNamespace.slice(0, -20)],
  ['that is not a review', '{}'],
])('a body %s is not shed', (_, body) => {
  expect(evaluate(body, '5s', 60_000)).toBeUndefined();
});

it('many shed reviews are logged in one line a second', () => {
  for (let count = 0; count < 1000; count++) evaluate(plain, '5s', 2000);
  evaluate(inRequiredNamespace, '5s', 5000);
  expect(lines).toEqual([]);
  clock.advance(1000);
  expect(lines).toEqual([{ reason: 'overloaded', admitted: 1000, refused: 1, namespaces: ['shop', 'must'] }]);
  clock.advance(10_000);
  expect(lines).toHaveLength(1);
});
