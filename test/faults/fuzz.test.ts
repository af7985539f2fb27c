import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { figure } from './figure.ts';
import { damaged, Random, mutated, noise } from './mutations.ts';
import { podOf, reviewText } from '../support/reviews.ts';
import { serve, type ServerProcess } from './server.ts';
import { ReviewSender, schedulerTimes, type ReviewResponse } from './review-sender.ts';

const isLong = process.env['FAULTS_LONG'] === '1';
const FUZZED = isLong ? 100_000 : 6000;
const MUTATED = isLong ? 20_000 : 3000;
const CONCURRENCY = 16;
const TIMEOUT_MS = 1_800_000;

// Optional reviews of a real API server from outside of the repository.
const recordings = join(import.meta.dirname, '../../../shared/reviews');
const files = [
  join(import.meta.dirname, '../e2e/recorded-sample.json'),
  ...(existsSync(recordings) ? readdirSync(recordings).map((name) => join(recordings, name)) : []),
];
const real = files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as { request: { namespace: string } });

let server: ServerProcess;
let sender: ReviewSender;
beforeAll(async () => {
  server = await serve(Object.fromEntries(real.map(({ request }) => [request.namespace, {}])));
  sender = new ReviewSender(server);
});
afterAll(async () => {
  sender.end();
  await server.stop();
});

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The uid that the answer must have; undefined if the body must be refused. Independent of the server's code. */
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

function isRight(body: Buffer, { status, text }: ReviewResponse): boolean {
  const uid = uidIn(body);
  if (uid === undefined) return status === 400;
  if (status !== 200) return false;
  const { response } = JSON.parse(text) as { response: { uid: string; allowed: boolean } };
  // A pod is refused only with a label "required", which no recorded pod has.
  return response.uid === uid && response.allowed;
}

/** Sends the bodies and returns the number of wrong answers, and the longest stall of the server, in ms. */
async function sendAll(count: number, next: () => Buffer): Promise<{ wrong: number; stall: number }> {
  const statuses: Record<number, number> = {};
  let wrong = 0;
  let stall = 0;
  let lags = 0;
  let left = 0;
  await server.metrics();
  let before = schedulerTimes(server.process.pid).waited;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left--;
      const body = next();
      const answer = await sender.post(body);
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
      if (!isRight(body, answer)) {
        wrong++;
        console.log(answer, body.toString('latin1').slice(0, 2000));
      }
    }
  };
  // The metric is the longest delay of the event loop since the last scrape. Time without a CPU is not a stall of the server.
  for (let until = count; until > 0; until -= 500) {
    left = Math.min(500, until);
    await Promise.all(Array.from({ length: CONCURRENCY }, worker));
    const lag = 1000 * (await server.metric('nodejs_eventloop_lag_max_seconds'));
    const { waited } = schedulerTimes(server.process.pid);
    lags = Math.max(lags, lag);
    stall = Math.max(stall, lag - (waited - before));
    before = waited;
  }
  console.log(statuses, 'longest delay', lags, 'while running', stall);
  return { wrong, stall };
}

test(
  'fuzzed bodies are answered as specified, without a stall',
  async () => {
    const random = new Random(1);
    const texts = real.map((one) => Buffer.from(JSON.stringify(one)));
    const { wrong, stall } = await sendAll(FUZZED, () =>
      random.below(3) === 0 ? noise(random) : damaged(random, random.oneOf(texts)),
    );
    figure('fuzz-wrong', wrong);
    figure('fuzz-stall', Math.round(stall));
  },
  TIMEOUT_MS,
);

test(
  'mutated reviews are answered as specified, without a stall',
  async () => {
    const random = new Random(2);
    const { wrong, stall } = await sendAll(MUTATED, () =>
      Buffer.from(JSON.stringify(mutated(random, random.oneOf(real)))),
    );
    figure('mutated-wrong', wrong);
    figure('mutated-stall', Math.round(stall));
  },
  TIMEOUT_MS,
);

test('a pod of 3 MiB gets the right answer afterwards', async () => {
  const namespace = real[0]?.request.namespace ?? '';
  const pod = podOf(1, 5) as { metadata: Record<string, unknown> };
  const large = { ...pod, metadata: { ...pod.metadata, managedFields: [{ manager: 'x'.repeat(3 << 20) }] } };
  const { status, text } = await sender.post(reviewText(namespace, large, 'large'));
  expect(status).toBe(200);
  const { response } = JSON.parse(text) as { response: { uid: string; patch: string } };
  const small = await sender.post(reviewText(namespace, pod, 'small'));
  expect(response).toMatchObject({ uid: 'large', allowed: true });
  expect(response.patch).toBe((JSON.parse(small.text) as { response: { patch: string } }).response.patch);
  expect(server.process.exit()).toBeUndefined();
  expect(await server.metric('agent_injector_bad_requests_total', 'status="5')).toBe(0);
});
