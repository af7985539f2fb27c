import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Job {
  readonly port: number;
  readonly ca: string;
  /**
   * Reviews as JSON, with the placeholder `UID` for the uid, `NUMBER` for text that differs between reviews, and `PAIR` for text that is the same in
   * two reviews.
   */
  readonly bodies: readonly string[];
  /** The timeout that the request announces, in seconds. */
  readonly timeout: number;
  readonly seconds: number;
  /** Number of the first review. @default 0 */
  readonly first?: number;
  /** With `atATime`: ends after this many reviews, if not earlier. */
  readonly count?: number;
  /** Requests a second, independent of answers. Without it, `atATime` requests are always in flight. */
  readonly rate?: number;
  readonly atATime?: number;
  /** Maximum of connections. A request without a free one is dropped, as by an API server whose slots are all in use. */
  readonly connections?: number;
  /** Connections that are opened before the first request. */
  readonly warm?: number;
}

/** Results of all requests. Times are in milliseconds, and include the time until the connection is open. */
export interface Outcome {
  readonly offered: number;
  readonly sent: number;
  readonly turnedAway: number;
  /** Connections that broke during a request, with the error codes. */
  readonly failed: number;
  readonly errors: Readonly<Record<string, number>>;
  /** Never answered. */
  readonly hung: number;
  readonly elapsed: number;
  /** The longest delay of the load process itself. */
  readonly behind: number;
  readonly injected: number;
  /** Allowed without an agent, with the reason overloaded. */
  readonly shed: number;
  readonly refused: number;
  readonly other: number;
  /** Not 200, or another uid. */
  readonly wrong: number;
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

export interface Loader {
  readonly run: (job: Job) => Promise<Outcome>;
  readonly end: () => void;
}

/** Starts a process that runs one job at a time. */
export function startLoader(): Loader {
  const child = fork(fileURLToPath(new URL('load.js', import.meta.url)), { execArgv: [] });
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the load process ended with ${code}`)));
  // It also ends when it is told to.
  ended.catch(() => {});
  return {
    run: async (job) => {
      child.send(job);
      const [outcome] = (await Promise.race([once(child, 'message'), ended])) as [Outcome];
      return outcome;
    },
    end: () => {
      if (child.connected) child.disconnect();
    },
  };
}
