/** A review that is sent with another uid and volume name each time, and its expected patch (base64). */
export interface Body {
  readonly json: string;
  /** The hash of the ReplicaSet, which is replaced everywhere. */
  readonly hash: string;
  readonly patch: string;
}

export interface Job {
  readonly port: number;
  /** The CA of the server, PEM. */
  readonly ca: string;
  /** The process whose CPU time is measured. */
  readonly pid: number;
  readonly connections: number;
  /** A JSON file of `Body[]`. */
  readonly bodies: string;
  /** Each review is of a pod of a new ReplicaSet, so that no cache helps. */
  readonly strangers?: boolean;
  /** Seconds of load before the window. */
  readonly settle: number;
  /** Maximum duration of the window, which also ends after `reviews`. */
  readonly seconds: number;
  readonly reviews?: number;
  /** Reviews that each connection sends a second, one after the other. @default as many as are answered */
  readonly perSecond?: number;
}

/** The results of one window. Response times are in microseconds. */
export interface Window {
  readonly reviews: number;
  /** Includes reviews before and after the window. */
  readonly answered: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** CPU time of the server, user and system. */
  readonly cpuPerReview: number;
  /** The fraction of its core that the server used. */
  readonly serverShare: number;
  readonly generatorShare: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly slowest: number;
  /** Connections that were opened during the window, after the server has closed one. */
  readonly opened: number;
  readonly answerBytes: number;
  /** Start and end by `process.hrtime`, in microseconds. */
  readonly from: number;
  readonly to: number;
}
