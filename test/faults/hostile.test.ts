import jsonpatch, { type Operation } from 'fast-json-patch';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodePod } from '../../src/kubernetes/pod.ts';
import { namespace, catalogue, container } from '../support/fixtures.ts';
import { admitAndVerify } from '../support/six-rules.ts';
import { figure } from './figure.ts';
import { hostileBodies, hostilePods } from './hostile-pods.ts';
import { podOf, reviewText } from '../support/reviews.ts';
import { serve, type ServerProcess } from './server.ts';
import { ReviewSender, schedulerTimes } from './review-sender.ts';

let server: ServerProcess;
let sender: ReviewSender;
let longest = 0;
let largest = 0;
beforeAll(async () => {
  server = await serve({ shop: {} });
  sender = new ReviewSender(server);
  // Compiles the code of the server before it is measured.
  for (let round = 0; round < 500; round++) {
    await sender.post(
      reviewText('shop', podOf(1 + (round % 20), round % 30), `warm-${round}`).replace(
        // Each is of a shape of its own, so that what decides is compiled by V8.
        '"number":"NUMBER"',
        `"agent-injector.io/domain-id":"${1 + round}"`,
      ),
    );
  }
});
afterAll(async () => {
  sender.end();
  await server.stop();
});

interface Response {
  readonly uid: string;
  readonly allowed: boolean;
  readonly patch?: string;
  readonly warnings?: readonly string[];
}

/** Sends a body, and updates the longest time that the server's thread was busy and the largest answer. */
async function send(body: string): Promise<{ readonly status: number; readonly response: Response | undefined }> {
  const before = schedulerTimes(server.process.pid).ran;
  const { status, text } = await sender.post(body);
  const busy = schedulerTimes(server.process.pid).ran - before;
  console.log(expect.getState().currentTestName, status, 'busy', Math.round(busy), 'ms, answer', text.length);
  longest = Math.max(longest, busy);
  largest = Math.max(largest, text.length / 1024);
  return { status, response: status === 200 ? (JSON.parse(text) as { response: Response }).response : undefined };
}

const operationsOf = ({ patch }: Response): Operation[] =>
  patch === undefined ? [] : (JSON.parse(Buffer.from(patch, 'base64').toString()) as Operation[]);

/** The check of all rules compares each variable with each other: with more names it would take minutes. */
const MAX_TO_COMPARE = 1500;

/** Asserts that no operation replaces a value: each adds to a list, or adds a new key. */
function expectOnlyAdditions(before: object, operations: readonly Operation[]): void {
  const pod = structuredClone(before);
  for (const operation of operations) {
    expect(operation.op).toBe('add');
    const parent = operation.path.slice(0, operation.path.lastIndexOf('/'));
    const holder: unknown = parent === '' ? pod : jsonpatch.getValueByPointer(pod, parent);
    if (!Array.isArray(holder)) expect(jsonpatch.getValueByPointer(pod, operation.path)).toBeUndefined();
    jsonpatch.applyOperation(pod, structuredClone(operation));
  }
}

describe.each(Object.entries(hostilePods))('%s', (_, pod) => {
  test('is answered, and the answer holds every rule', async () => {
    const { status, response } = await send(reviewText('shop', pod, 'the-uid'));
    expect(status).toBe(200);
    expect(response).toMatchObject({ uid: 'the-uid', allowed: true });
    if (!response) return;
    // As the server decodes it: a lone surrogate becomes the replacement character.
    const sent = JSON.parse(Buffer.from(JSON.stringify(pod)).toString()) as object;
    const operations = operationsOf(response);
    expect(operations.every(({ op }) => op === 'add' || op === 'replace')).toBe(true);
    expect(operations.map(({ path }) => path).filter((path) => /\/image$|__proto__|\/prototype\//.test(path))).toEqual(
      [],
    );
    jsonpatch.applyPatch(structuredClone(sent), structuredClone(operations), true);
    for (const warning of response.warnings ?? []) {
      expect(warning.length).toBeLessThanOrEqual(256);
      // oxlint-disable-next-line no-control-regex -- warnings must not contain these
      expect(warning).not.toMatch(/[\u0000-\u001f\u007f\u2028\u2029\u202e]/);
    }
    const decoded = decodePod(sent as Parameters<typeof decodePod>[0]);
    if (!decoded.ok) expect(operations).toEqual([]);
    else if (JSON.stringify(sent).split('"name":').length > MAX_TO_COMPARE) expectOnlyAdditions(sent, operations);
    else {
      const settings = { 'server-address': 'apm.example.com', 'domain-id': '2000' };
      admitAndVerify({
        pod: decoded.value,
        namespace: namespace(settings),
        catalogue,
        lateContainer: container('late'),
      });
    }
  });
});

describe.each(Object.entries(hostileBodies))('%s', (name, body) => {
  test('is answered', async () => {
    const { status, response } = await send(body);
    if (name.includes('million')) expect(status).toBe(413);
    else expect(response).toMatchObject({ uid: 'the-uid', allowed: true, patch: expect.any(String) });
    expect(JSON.stringify(response ?? '')).not.toContain('evil');
    if (response) expect(operationsOf(response).every(({ op }) => op === 'add' || op === 'replace')).toBe(true);
  });
});

test('every answer is within bounds, and the server still injects', async () => {
  figure('hostile-time', Math.round(longest));
  figure('hostile-size', Number(largest.toFixed(1)));
  const { response } = await send(reviewText('shop', podOf(1, 5), 'afterwards'));
  expect(response).toMatchObject({ uid: 'afterwards', allowed: true, patch: expect.any(String) });
  expect(({} as { polluted?: string }).polluted).toBeUndefined();
});
