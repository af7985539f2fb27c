import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What to send, and how fast. */
export interface Job {
  readonly port: number;
  readonly ca: string;
  /** Whole reviews as JSON, with `UID` where the uid is to be, and `NUMBER` where a text is to differ from review to review. */
  readonly bodies: readonly string[];
  /** How long the caller says that it waits, in seconds. */
  readonly timeout: number;
  readonly seconds: number;
  /** Requests a second, whatever becomes of those before; without it `atATime` are under way all the time. */
  readonly rate?: number;
  readonly atATime?: number;
  /** The most connections: a request that finds none free is turned away by the caller, as by an API server with all its slots in use. */
  readonly connections?: number;
  /** Connections that are made before the first request. */
  readonly warm?: number;
}

/** What became of all requests. Times in milliseconds, from when a request was given to its connection, be that open or not. */
export interface Outcome {
  readonly offered: number;
  readonly sent: number;
  readonly turnedAway: number;
  /** Connections that broke under a request, and how. */
  readonly failed: number;
  readonly errors: Readonly<Record<string, number>>;
  /** Never answered. */
  readonly hung: number;
  readonly elapsed: number;
  /** How late this process itself was at most in sending one. */
  readonly behind: number;
  readonly injected: number;
  /** Allowed without an agent, with a warning that says so. */
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

/** A process that makes load, one job at a time. */
export function startLoader(): Loader {
  const child = fork(fileURLToPath(new URL('load.js', import.meta.url)), { execArgv: [] });
  return {
    run: async (job) => {
      child.send(job);
      const [outcome] = (await Promise.race([
        once(child, 'message'),
        once(child, 'exit').then(([code]) => Promise.reject(new Error(`the load process ended with ${code}`))),
      ])) as [Outcome];
      return outcome;
    },
    end: () => {
      if (child.connected) child.disconnect();
    },
  };
}
