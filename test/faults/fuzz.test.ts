import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { figure } from './figure.ts';
import { damaged, Dice, mutated, noise } from './mutations.ts';
import { podOf, reviewText } from '../support/reviews.ts';
import { serve, type Served } from './server.ts';
import { scheduled, Speaker, type Heard } from './speak.ts';

const isLong = process.env['FAULTS_LONG'] === '1';
const FUZZED = isLong ? 100_000 : 6000;
const MUTATED = isLong ? 20_000 : 3000;
const AT_A_TIME = 16;
const PATIENCE_MS = 1_800_000;

// More recorded reviews of a real API server are used where they are; they are not ours to keep.
const recordings = join(import.meta.dirname, '../../../shared/reviews');
const files = [
  join(import.meta.dirname, '../e2e/recorded-sample.json'),
  ...(existsSync(recordings) ? readdirSync(recordings).map((name) => join(recordings, name)) : []),
];
const real = files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as { request: { namespace: string } });

let server: Served;
let speaker: Speaker;
beforeAll(async () => {
  server = await serve(Object.fromEntries(real.map(({ request }) => [request.namespace, {}])));
  speaker = new Speaker(server);
});
afterAll(async () => {
  speaker.end();
  await server.stop();
});

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The uid that an answer must have; undefined where the body is to be turned away. As the reference says it, without a line of the server's. */
function uidIn(body: Buffer): string | undefined {
  try {
    const value: unknown = JSON.parse(body.toString());
    if (!isRecord(value) || value['kind'] !== 'AdmissionReview' || value['apiVersion'] !== 'admission.k8s.io/v1') {
      return undefined;
    }
    const uid = isRecord(value['request']) ? value['request']['uid'] : undefined;
    return typeof uid === 'string' && uid !== '' && uid.length <= 128 ? uid : undefined;
  } catch {
    return undefined;
  }
}

function isRight(body: Buffer, { status, text }: Heard): boolean {
  const uid = uidIn(body);
  if (uid === undefined) return status === 400;
  if (status !== 200) return false;
  const { response } = JSON.parse(text) as { response: { uid: string; allowed: boolean } };
  // Only a label "required" refuses, and no recorded pod has it.
  return response.uid === uid && response.allowed;
}

/** Sends so many bodies, some at a time. Gives how many were answered wrong, and the longest stall that was the server's own. */
async function sendAll(count: number, next: () => Buffer): Promise<{ wrong: number; stall: number }> {
  const statuses: Record<number, number> = {};
  let wrong = 0;
  let stall = 0;
  let lags = 0;
  let left = 0;
  await server.metrics();
  let before = scheduled(server.process.pid).waited;
  const one = async (): Promise<void> => {
    while (left > 0) {
      left--;
      const body = next();
      const heard = await speaker.post(body);
      statuses[heard.status] = (statuses[heard.status] ?? 0) + 1;
      if (!isRight(body, heard)) {
        wrong++;
        console.log(heard, body.toString('latin1').slice(0, 2000));
      }
    }
  };
  // The server measures the longest delay of its event loop between two scrapes. What it had no processor for is not its own.
  for (let until = count; until > 0; until -= 500) {
    left = Math.min(500, until);
    await Promise.all(Array.from({ length: AT_A_TIME }, one));
    const lag = 1000 * (await server.metric('nodejs_eventloop_lag_max_seconds'));
    const { waited } = scheduled(server.process.pid);
    lags = Math.max(lags, lag);
    stall = Math.max(stall, lag - (waited - before));
    before = waited;
  }
  console.log(statuses, 'longest delay', lags, 'of its own', stall);
  return { wrong, stall };
}

test(
  'fuzzed bodies are answered as specified, without a stall',
  async () => {
    const dice = new Dice(1);
    const texts = real.map((one) => Buffer.from(JSON.stringify(one)));
    const { wrong, stall } = await sendAll(FUZZED, () =>
      dice.below(3) === 0 ? noise(dice) : damaged(dice, dice.one(texts)),
    );
    figure('fuzz-wrong', wrong);
    figure('fuzz-stall', Math.round(stall));
  },
  PATIENCE_MS,
);

test(
  'mutated reviews are answered as specified, without a stall',
  async () => {
    const dice = new Dice(2);
    const { wrong, stall } = await sendAll(MUTATED, () => Buffer.from(JSON.stringify(mutated(dice, dice.one(real)))));
    figure('mutated-wrong', wrong);
    figure('mutated-stall', Math.round(stall));
  },
  PATIENCE_MS,
);

test('a pod of 3 MiB gets the right answer afterwards', async () => {
  const namespace = real[0]?.request.namespace ?? '';
  const pod = podOf(1, 5) as { metadata: Record<string, unknown> };
  const large = { ...pod, metadata: { ...pod.metadata, managedFields: [{ manager: 'x'.repeat(3 << 20) }] } };
  const { status, text } = await speaker.post(reviewText(namespace, large, 'large'));
  expect(status).toBe(200);
  const { response } = JSON.parse(text) as { response: { uid: string; patch: string } };
  const small = await speaker.post(reviewText(namespace, pod, 'small'));
  expect(response).toMatchObject({ uid: 'large', allowed: true });
  expect(response.patch).toBe((JSON.parse(small.text) as { response: { patch: string } }).response.patch);
  expect(server.process.exit()).toBeUndefined();
  expect(await server.metric('agent_injector_bad_requests_total', 'status="5')).toBe(0);
});
