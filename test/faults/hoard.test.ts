import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startInjector, type Injector } from '../support/injector.ts';
import { anonymousMiB } from '../support/process-figures.ts';
import { podOf, reviewText } from '../support/reviews.ts';
import { memoryCgroup } from './cgroup.ts';
import { figure } from './figure.ts';
import { ReviewSender } from './review-sender.ts';
import { SHOP, shopFile } from './shop.ts';

// Callers that make the server keep something for them and never finish. The limit is the chart's default.

const LIMIT_MIB = 256;

let dir: string;
let namespaces: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'agent-injector-hoard-'));
  namespaces = shopFile(dir);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const request = (line: string, length: number, body: string): string =>
  `${line} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`;
const unfinished = (announced: number, sent: number): string =>
  request('POST /mutate?timeout=5s', announced, ' '.repeat(sent));
const reviewOfSize = (bytes: number): string =>
  reviewText(SHOP, podOf(1, 5, { padding: 'x'.repeat(bytes) }), '00000000-0000-0000-0000-000000000000');
const review = (body: string): string => request('POST /mutate?timeout=5s', body.length, body);

interface Attack {
  readonly count: number;
  readonly texts: readonly string[];
  readonly atATime?: number;
  readonly renew?: boolean;
}

interface Attacked {
  /** Connections that the server has not closed, when all have been opened. */
  readonly open: number;
  readonly reviews: number;
  readonly failures: readonly string[];
  readonly mostMiB: number;
}

/** Sends good reviews one after the other while an attack runs, and for some time after it. */
async function attacked(injector: Injector, attack: Attack, body: string): Promise<Attacked> {
  const { pid } = injector.process;
  const port = Number(new URL(injector.url).port);
  const kept = new ReviewSender({ port, ca: injector.ca });
  onTestFinished(() => kept.end());
  const child = fork(fileURLToPath(new URL('hoard.js', import.meta.url)), { execArgv: [] });
  onTestFinished(() => void (child.connected && child.disconnect()));
  let mostMiB = anonymousMiB(pid);
  const sampling = setInterval(() => {
    try {
      mostMiB = Math.max(mostMiB, anonymousMiB(pid));
    } catch {
      // It has ended, which the test reports.
      clearInterval(sampling);
    }
  }, 20);
  onTestFinished(() => clearInterval(sampling));
  child.send({ port, ca: injector.ca, ...attack });
  let open: number | undefined;
  void once(child, 'message').then(([count]) => (open = Number(count)));
  const failures: string[] = [];
  let reviews = 0;
  for (let after = 0; after < 100 && failures.length < 50; after += open === undefined ? 0 : 1) {
    reviews += 1;
    // Every other one on a new connection.
    const sender = reviews % 2 === 0 ? kept : new ReviewSender({ port, ca: injector.ca });
    const answer = await sender.post(body).catch(String);
    if (sender !== kept) sender.end();
    const isGood = typeof answer === 'object' && answer.status === 200 && answer.text.includes('"patch"');
    if (!isGood) failures.push(typeof answer === 'object' ? `${answer.status} ${answer.text.slice(0, 80)}` : answer);
  }
  console.log({ open, reviews, failures: failures.length, mostMiB: Math.round(mostMiB) }, failures.slice(0, 3));
  return { open: open ?? 0, reviews, failures, mostMiB };
}

const small = reviewOfSize(2000);

/** Undefined where no cgroup can be made. */
async function attackedInCgroup(attack: Attack): Promise<Attacked | undefined> {
  const cgroup = memoryCgroup(LIMIT_MIB);
  if (!cgroup) return undefined;
  const injector = await startInjector({ through: cgroup.through, flags: { namespaces } });
  onTestFinished(async () => {
    await injector.stop();
    await cgroup.remove();
  });
  await injector.ready();
  const result = await attacked(injector, attack, small);
  console.log(`peak of the cgroup ${Math.round(cgroup.peakMiB())} MiB`);
  expect(cgroup.oomKills(), 'kills').toBe(0);
  expect(injector.process.exit()).toBeUndefined();
  return result;
}

const LONGEST_MS = 600_000;

test(
  `${LIMIT_MIB} MiB are enough for 2,500 unfinished bodies of 126 KiB, and good reviews are answered`,
  async () => {
    const texts = [unfinished(129_100, 126 * 1024)];
    const result = await attackedInCgroup({ count: 2500, texts, atATime: 256 });
    if (!result) return;
    figure('hoard-small-good', result.failures.length);
    figure('hoard-small', Math.round(result.mostMiB));
  },
  LONGEST_MS,
);

test(
  `${LIMIT_MIB} MiB are enough for 9,000 idle connections, and good reviews are answered`,
  async () => {
    const texts = [request('GET /', 0, ''), review(small), review(reviewOfSize(100_000)), ''];
    const result = await attackedInCgroup({ count: 9000, texts, atATime: 64 });
    if (!result) return;
    figure('hoard-idle-good', result.failures.length);
    figure('hoard-idle', Math.round(result.mostMiB));
  },
  LONGEST_MS,
);

test('12 stalled large bodies, renewed as often as they are closed, keep no review of 200 KB out', async () => {
  const injector = await startInjector({ flags: { namespaces } });
  onTestFinished(async () => void (await injector.stop()));
  await injector.ready();
  const attack = { count: 12, texts: [unfinished(1_400_000, 1_390_000)], renew: true };
  const { failures, reviews } = await attacked(injector, attack, reviewOfSize(200_000));
  figure('hoard-large-good', failures.length);
  expect(reviews).toBeGreaterThan(99);
});
