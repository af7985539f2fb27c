import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { Pod } from '../support/pod.ts';
import { reviewText } from '../support/reviews.ts';

/** Whom to ask, and how often. */
export interface PacedLoadOptions {
  readonly port: number;
  readonly ca: string;
  readonly perSecond: number;
  /** The pod of the review with this number. */
  readonly pod: (index: number) => Pod;
}

export interface PacedLoad {
  readonly sent: () => number;
  /** Why each that failed did, with its time: no answer, another than 200, or one without a patch. */
  readonly failures: () => readonly string[];
  /** The longest that an answer took, in ms. */
  readonly longestMs: () => number;
  /** Stops asking; resolves when everything is answered. */
  readonly end: () => Promise<void>;
}

/** The longest that a webhook may take by the API server's rules is 30 s, and by the chart's 5 s; on a machine that is busy with tests: */
const PATIENCE_MS = 15_000;
const RAMP_SECONDS = 4;
const TICK_MS = 10;
/** No more are under way at once: an API server bounds its requests, too. What is due beyond it is left out, and the pace falls. */
const MAX_OPEN = 200;
/** Three API servers keep 25 each (client-go transport/cache.go). */
const KEPT_CONNECTIONS = 75;

/**
 * Reviews at an even pace, whether answered or not. Nothing is sent twice: what an API server might mend by itself, a connection that is closed
 * as it writes to it, counts as failed here.
 */
export function startPacedLoad({ port, ca, perSecond, pod }: PacedLoadOptions): PacedLoad {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: KEPT_CONNECTIONS, ca });
  const open = new Set<Promise<void>>();
  const failures: string[] = [];
  const started = performance.now();
  let sent = 0;
  let due = 0;
  let longestMs = 0;
  const send = async (index: number): Promise<void> => {
    const begun = performance.now();
    const why = await ask({ agent, port }, pod(index)).catch(String);
    longestMs = Math.max(longestMs, performance.now() - begun);
    if (why !== undefined) failures.push(`${new Date().toISOString()} ${why}`);
  };
  const timer = setInterval(() => {
    const now = Math.floor(secondsOfFullPace((performance.now() - started) / 1000) * perSecond);
    for (; due < now; due += 1) {
      if (open.size >= MAX_OPEN) continue;
      const one = send((sent += 1)).finally(() => open.delete(one));
      open.add(one);
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

/** Undefined when it was answered with a patch, else what happened. */
async function ask(to: { readonly agent: Agent; readonly port: number }, pod: Pod): Promise<string | undefined> {
  const body = reviewText(pod.metadata?.namespace ?? '', pod, randomUUID());
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const options = {
      ...to,
      host: '127.0.0.1',
      path: '/mutate?timeout=5s',
      method: 'POST',
      headers,
      timeout: PATIENCE_MS,
    };
    const sent = request(options, (response) => {
      text(response).then((answer) => resolve(reasonOf(response.statusCode, answer)), reject);
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${PATIENCE_MS} ms`)));
    sent.on('error', (error) =>
      reject(new Error(`${error.message}${sent.reusedSocket ? ' (on a kept connection)' : ''}`)),
    );
    sent.end(body);
  });
}

/** Slower for a few seconds at first: code that has never run and connections that are not there yet take their time. */
function secondsOfFullPace(seconds: number): number {
  return seconds < RAMP_SECONDS ? seconds ** 2 / (2 * RAMP_SECONDS) : seconds - RAMP_SECONDS / 2;
}

function reasonOf(status: number | undefined, answer: string): string | undefined {
  const isPatched = status === 200 && answer.includes('"patchType":"JSONPatch"');
  return isPatched ? undefined : `${status}: ${answer.slice(0, 300)}`;
}
