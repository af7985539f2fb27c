import jsonpatch, { type Operation } from 'fast-json-patch';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodePod } from '../../src/kubernetes/pod.ts';
import { namespace, catalogue, container } from '../support/fixtures.ts';
import { admitAndVerify } from '../support/promises.ts';
import { figure } from './figure.ts';
import { hostileBodies, hostilePods } from './hostile-pods.ts';
import { podOf, reviewText } from '../support/reviews.ts';
import { serve, type Served } from './server.ts';
import { scheduled, Speaker } from './speak.ts';

let server: Served;
let speaker: Speaker;
let longest = 0;
let largest = 0;
beforeAll(async () => {
  server = await serve({ shop: {} });
  speaker = new Speaker(server);
  // What is measured is a server that has run for a while.
  for (let round = 0; round < 500; round++) {
    await speaker.post(
      reviewText('shop', podOf(1 + (round % 20), round % 30), `warm-${round}`).replace('NUMBER', `${round}`),
    );
  }
});
afterAll(async () => {
  speaker.end();
  await server.stop();
});

interface Response {
  readonly uid: string;
  readonly allowed: boolean;
  readonly patch?: string;
  readonly warnings?: readonly string[];
}

/** Asks about a body, and keeps how long the server's only thread was busy with it, and how large its answer is. */
async function ask(body: string): Promise<{ readonly status: number; readonly response: Response | undefined }> {
  const before = scheduled(server.process.pid).ran;
  const { status, text } = await speaker.post(body);
  const busy = scheduled(server.process.pid).ran - before;
  console.log(expect.getState().currentTestName, status, 'busy', Math.round(busy), 'ms, answer', text.length);
  longest = Math.max(longest, busy);
  largest = Math.max(largest, text.length / 1024);
  return { status, response: status === 200 ? (JSON.parse(text) as { response: Response }).response : undefined };
}

const operationsOf = ({ patch }: Response): Operation[] =>
  patch === undefined ? [] : (JSON.parse(Buffer.from(patch, 'base64').toString()) as Operation[]);

/** What holds every promise compares each variable with each: of more than this it would take minutes. */
const MAX_TO_COMPARE = 1500;

/** Nothing that is there is added over: at the end of a list, before an element, or under a key that is free. */
function addsOnly(before: object, operations: readonly Operation[]): void {
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
    const { status, response } = await ask(reviewText('shop', pod, 'the-uid'));
    expect(status).toBe(200);
    expect(response).toMatchObject({ uid: 'the-uid', allowed: true });
    if (!response) return;
    // As the server read it: a lone half of a pair comes back as what stands for it.
    const sent = JSON.parse(Buffer.from(JSON.stringify(pod)).toString()) as object;
    const operations = operationsOf(response);
    expect(operations.every(({ op }) => op === 'add' || op === 'replace')).toBe(true);
    expect(operations.map(({ path }) => path).filter((path) => /\/image$|__proto__|\/prototype\//.test(path))).toEqual(
      [],
    );
    jsonpatch.applyPatch(structuredClone(sent), structuredClone(operations), true);
    for (const warning of response.warnings ?? []) {
      expect(warning.length).toBeLessThanOrEqual(120);
      // oxlint-disable-next-line no-control-regex -- that is what must not be in there
      expect(warning).not.toMatch(/[\u0000-\u001f\u007f\u2028\u2029\u202e]/);
    }
    const decoded = decodePod(sent as Parameters<typeof decodePod>[0]);
    if (!decoded.ok) expect(operations).toEqual([]);
    else if (JSON.stringify(sent).split('"name":').length > MAX_TO_COMPARE) addsOnly(sent, operations);
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
    const { status, response } = await ask(body);
    if (name.includes('million')) expect(status).toBe(413);
    else expect(response).toMatchObject({ uid: 'the-uid', allowed: true, patch: expect.any(String) });
    expect(JSON.stringify(response ?? '')).not.toContain('evil');
    if (response) expect(operationsOf(response).every(({ op }) => op === 'add' || op === 'replace')).toBe(true);
  });
});

test('every answer is within bounds, and the server still injects', async () => {
  figure('hostile-time', Math.round(longest));
  figure('hostile-size', Number(largest.toFixed(1)));
  const { response } = await ask(reviewText('shop', podOf(1, 5), 'afterwards'));
  expect(response).toMatchObject({ uid: 'afterwards', allowed: true, patch: expect.any(String) });
  expect(({} as { polluted?: string }).polluted).toBeUndefined();
});
