/** What the server promises under one fault: the figure that a test measures, and how far it may go. */
export interface Row {
  /** What is done to the server. */
  readonly fault: string;
  /** What is measured. */
  readonly figure: string;
  readonly unit: string;
  /** The most that holds the promise; without it, `least` says so. */
  readonly most?: number;
  readonly least?: number;
}

/** docs/reliability.md has a line for each, with what was measured last; one test of this folder measures it. */
export const rows = {
  'watch-half-open': {
    fault: 'the watch of namespaces: packets of open connections are dropped (half-open)',
    figure: 'right again after',
    unit: 's',
    most: 60,
  },
  'watch-dark': {
    fault: 'the watch of namespaces: all packets are dropped',
    figure: 'right again after',
    unit: 's',
    most: 60,
  },
  'watch-reset': {
    fault: 'the watch of namespaces: each connection is reset',
    figure: 'right again after',
    unit: 's',
    most: 60,
  },
  'watch-gone': {
    fault: 'the watch of namespaces: 410 Gone, on list, on watch, within the stream',
    figure: 'right again after',
    unit: 's',
    most: 60,
  },
  'watch-server-error': {
    fault: 'the watch of namespaces: 503 to everything',
    figure: 'right again after',
    unit: 's',
    most: 60,
  },
  'watch-slow': {
    fault: 'the watch of namespaces: one byte a second',
    figure: 'right again after',
    unit: 's',
    most: 60,
  },
  'watch-html': {
    fault: 'the watch of namespaces: HTML with status 200',
    figure: 'right again after',
    unit: 's',
    most: 60,
  },
  'watch-versions': {
    fault: 'the watch of namespaces: resourceVersion goes back, is no number, is always the same, is missing',
    figure: 'right again after',
    unit: 's',
    most: 60,
  },
  'watch-requests': {
    fault: 'the watch of namespaces: each of these',
    figure: 'most requests meanwhile',
    unit: 'a second',
    most: 1,
  },
  'stdout-gone': {
    fault: 'stdout’s reader is gone (EPIPE), 500 reviews',
    figure: 'longest answer',
    unit: 'ms',
    most: 1000,
  },
  'stdout-gone-cpu': {
    fault: 'stdout’s reader is gone (EPIPE)',
    figure: 'CPU at rest',
    unit: '% of a core',
    most: 20,
  },
  'stdout-blocked': {
    fault: 'stdout’s reader does not read, 6,000 reviews, 16 at a time',
    figure: 'longest answer',
    unit: 'ms',
    most: 1000,
  },
  'descriptors-cpu': {
    fault: '64 file descriptors, 300 silent connections',
    figure: 'CPU meanwhile',
    unit: '% of a core',
    most: 30,
  },
  'descriptors-livez': {
    fault: '64 file descriptors, 300 silent connections',
    figure: '/livez answered',
    unit: '%',
    least: 100,
  },
  'descriptors-recovery': {
    fault: '64 file descriptors, 300 silent connections that close',
    figure: 'answered right again after',
    unit: 'ms',
    most: 2000,
  },
  'paused-recovery': {
    fault: 'paused (SIGSTOP) for 20 s, a namespace changed meanwhile',
    figure: 'right again after SIGCONT',
    unit: 's',
    most: 60,
  },
  'paused-requests': {
    fault: 'paused (SIGSTOP) for 20 s',
    figure: 'requests to the API server in the 10 s after SIGCONT',
    unit: 'requests',
    most: 10,
  },
  'tls-full': {
    fault: 'disk full under the TLS directory, and the certificate in it removed',
    figure: 'answers that were wrong or missing',
    unit: 'answers',
    most: 0,
  },
  'tls-full-recovery': {
    fault: 'disk full under the TLS directory, and room again',
    figure: 'a fresh certificate is served after',
    unit: 's',
    most: 10,
  },
  'clock-admissions': {
    fault: 'the clock of one of two replicas is set a year forwards, back, a year backwards, back',
    figure: 'required pods refused',
    unit: 'pods',
    most: 0,
  },
  'clock-change': {
    fault: 'the clock of one of two replicas is set a year forwards, back, a year backwards, back',
    figure: 'a changed namespace counts there after',
    unit: 's',
    most: 5,
  },
  'profiles-wrong': {
    fault: 'the directory of profiles: broken, half written, unreadable, a loop, gone',
    figure: 'answers not by the last sound version',
    unit: 'answers',
    most: 0,
  },
  'profiles-recovery': {
    fault: 'the directory of profiles: sound again, with a new version',
    figure: 'right again after',
    unit: 's',
    most: 60,
  },
  memory: {
    fault: '128 MiB (ulimit -d, --max-old-space-size=64), 1,000 namespaces, 200 reviews/s, pods of 1 MiB between',
    figure: 'most memory (anonymous)',
    unit: 'MiB',
    most: 128,
  },
  'rolling-restarts': {
    fault: 'rolling restarts of two replicas under 500 reviews/s',
    figure: 'reviews failed',
    unit: 'reviews',
    most: 0,
  },
  'rolling-restarts-pace': {
    fault: 'rolling restarts of two replicas, asked 500 times a second',
    figure: 'reviews meanwhile',
    unit: 'a second',
    least: 300,
  },
} as const satisfies Readonly<Record<string, Row>>;

export type RowName = keyof typeof rows;
