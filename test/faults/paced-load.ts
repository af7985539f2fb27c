import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { Pod } from '../support/pod.ts';
import { reviewText } from '../support/reviews.ts';

export interface PacedLoadOptions {
  readonly port: number;
  readonly ca: string;
  readonly perSecond: number;
  /** The pod of the review with this number. */
  readonly pod: (index: number) => Pod;
}

export interface PacedLoad {
  readonly sent: () => number;
  /** The time and error of each failed review: no answer, another status than 200, or no patch. */
  readonly failures: () => readonly string[];
  readonly longestMs: () => number;
  /** Stops sending, and resolves when every review is answered. */
  readonly end: () => Promise<void>;
}

/** The chart's timeout is 5 s, and the API server's maximum 30 s. Test machines are slow. */
const TIMEOUT_MS = 15_000;
const RAMP_SECONDS = 4;
const TICK_MS = 10;
/** Maximum of reviews in flight, as an API server has one. Further reviews are skipped, which lowers the pace. */
const MAX_OPEN = 200;
/** Three API servers keep 25 idle connections each (client-go transport/cache.go). */
const IDLE_CONNECTIONS = 75;

/**
 * Sends reviews at a constant pace, independent of answers. A connection that the server closes during a write counts as failed, although an
 * API server would retry.
 */
export function startPacedLoad({ port, ca, perSecond, pod }: PacedLoadOptions): PacedLoad {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: IDLE_CONNECTIONS, ca });
  const open = new Set<Promise<void>>();
  const failures: string[] = [];
  const started = performance.now();
  let sent = 0;
  let due = 0;
  let longestMs = 0;
  const send = async (index: number): Promise<void> => {
    const begun = performance.now();
    const failure = await post({ agent, port }, pod(index)).catch(String);
    longestMs = Math.max(longestMs, performance.now() - begun);
    if (failure !== undefined) failures.push(`${new Date().toISOString()} ${failure}`);
  };
  const timer = setInterval(() => {
    const now = Math.floor(secondsOfFullPace((performance.now() - started) / 1000) * perSecond);
    for (; due < now; due += 1) {
      if (open.size >= MAX_OPEN) continue;
      const review = send((sent += 1)).finally(() => open.delete(review));
      open.add(review);
    }
  }, TICK_MS);
  return {
    sent: () => sent,
    failures: () => failures,
    longestMs: () => Math.round(longestMs),
    end: async () => {
      clearInterval(timer);
      await Promise.all(open);
      agent.destroy();
    },
  };
}

/** Returns undefined for an answer with a patch, or the error. */
async function post(to: { readonly agent: Agent; readonly port: number }, pod: Pod): Promise<string | undefined> {
  const body = reviewText(pod.metadata?.namespace ?? '', pod, randomUUID());
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const options = {
      ...to,
      host: '127.0.0.1',
      path: '/mutate?timeout=5s',
      method: 'POST',
      headers,
      timeout: TIMEOUT_MS,
    };
    const sent = request(options, (response) => {
      text(response).then((answer) => resolve(failureOf(response.statusCode, answer)), reject);
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    sent.on('error', (error) =>
      reject(new Error(`${error.message}${sent.reusedSocket ? ' (on a reused connection)' : ''}`)),
    );
    sent.end(body);
  });
}

/** Ramps up: at first, code is not compiled and connections are not open. */
function secondsOfFullPace(seconds: number): number {
  return seconds < RAMP_SECONDS ? seconds ** 2 / (2 * RAMP_SECONDS) : seconds - RAMP_SECONDS / 2;
}

function failureOf(status: number | undefined, answer: string): string | undefined {
  const isPatched = status === 200 && answer.includes('"patchType":"JSONPatch"');
  return isPatched ? undefined : `${status}: ${answer.slice(0, 300)}`;
}
