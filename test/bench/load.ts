/** A review that is sent again and again, each time with another uid and another volume name, and the patch (base64) that must come back. */
export interface Body {
  readonly json: string;
  /** The hash of its ReplicaSet, wherever it stands. */
  readonly hash: string;
  readonly patch: string;
}

/** What the generator is to do. */
export interface Job {
  readonly port: number;
  /** The authority, PEM, that vouches for the server. */
  readonly ca: string;
  /** Whose CPU time is taken. */
  readonly pid: number;
  readonly connections: number;
  /** A JSON file of `Body[]`. */
  readonly bodies: string;
  /** Each review is of a pod of a ReplicaSet that no review was of before: what is remembered of earlier ones is of no use. */
  readonly strangers?: boolean;
  /** Seconds before the window, with the same load, that count for nothing. */
  readonly settle: number;
  /** Of the window; it ends earlier with `reviews`. */
  readonly seconds: number;
  readonly reviews?: number;
}

/** What one window gave. Times of answers in microseconds, from all of its samples. */
export interface Window {
  readonly reviews: number;
  /** With those before and after the window. */
  readonly answered: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** Of the server, user and system. */
  readonly cpuPerReview: number;
  /** Share of its core that the server used, 0 to 1. */
  readonly serverShare: number;
  /** The generator's, likewise. */
  readonly generatorShare: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly slowest: number;
  /** Connections that were opened during the window: the server ends them now and then. */
  readonly opened: number;
  readonly answerBytes: number;
  /** When it began and ended, by the clock of `process.hrtime`, in microseconds. */
  readonly from: number;
  readonly to: number;
}
