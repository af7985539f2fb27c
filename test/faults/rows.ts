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
    fault: 'the watch of namespaces: resourceVersion goes back, is not a number, is always the same, is missing',
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
  'overload-lost': {
    fault: 'ten times as many dear pods as it can decide on, 30 s, from API servers with 1,800 slots',
    figure: 'reviews that were not answered, or not right',
    unit: 'reviews',
    most: 0,
  },
  'overload-longest': {
    fault: 'ten times as many dear pods as it can decide on, 30 s, from API servers with 1,800 slots',
    figure: 'longest answer, of a timeout of 5 s',
    unit: 'ms',
    most: 4500,
  },
  'overload-decided': {
    fault: 'ten times as many dear pods as it can decide on, 30 s, from API servers with 1,800 slots',
    figure: 'decided on meanwhile, of what it can at best',
    unit: '%',
    least: 25,
  },
  'overload-required': {
    fault: 'ten times as many dear pods as it can decide on, 30 s, from API servers with 1,800 slots',
    figure: 'pods that must carry their agent and were admitted without it',
    unit: 'pods',
    most: 0,
  },
  'overload-recovery': {
    fault: 'ten times as many dear pods as it can decide on, 30 s, from API servers with 1,800 slots',
    figure: 'p99 of answers from 2 s after it on, of what it was before',
    unit: 'times',
    most: 3,
  },
  'flood-lost': {
    fault: 'ten times as many small pods as it can decide on, from API servers with 1,800 slots, 10 s',
    figure: 'reviews that were sent and not answered, or not right',
    unit: 'reviews',
    most: 0,
  },
  'flood-longest': {
    fault: 'ten times as many small pods as it can decide on, from API servers with 1,800 slots, 10 s',
    figure: 'longest answer, of a timeout of 5 s',
    unit: 'ms',
    most: 4500,
  },
  'slow-closed': {
    fault: '500 slow connections: headers, bodies, handshakes, a byte a second or less',
    figure: 'all closed after',
    unit: 's',
    most: 12,
  },
  'slow-good': {
    fault: '500 slow connections: headers, bodies, handshakes, a byte a second or less',
    figure: 'p99 of good calls meanwhile, of what it was before',
    unit: 'times',
    most: 3,
  },
  'bodies-answered': {
    fault: '100 bodies of 20 MiB at once, with a length and without one',
    figure: 'clients that read their 413',
    unit: '%',
    least: 100,
  },
  'bodies-memory': {
    fault: '100 bodies of 20 MiB, then of 3 MiB, at once',
    figure: 'most memory that the server ever had',
    unit: 'MiB',
    most: 256,
  },
  'fuzz-wrong': {
    fault: '100,000 fuzzed bodies (in CI a sample)',
    figure: 'answers that were not as specified',
    unit: 'answers',
    most: 0,
  },
  'fuzz-stall': {
    fault: '100,000 fuzzed bodies (in CI a sample)',
    figure: 'longest stall of the event loop',
    unit: 'ms',
    most: 100,
  },
  'mutated-wrong': {
    fault: '20,000 mutated real reviews (in CI a sample)',
    figure: 'answers that were not as specified',
    unit: 'answers',
    most: 0,
  },
  'mutated-stall': {
    fault: '20,000 mutated real reviews (in CI a sample)',
    figure: 'longest stall of the event loop',
    unit: 'ms',
    most: 100,
  },
  'hostile-time': {
    fault: 'hostile and strange pods, one after the other',
    figure: 'the longest that one kept the event loop',
    unit: 'ms',
    most: 100,
  },
  'hostile-size': {
    fault: 'hostile and strange pods, one after the other',
    figure: 'the largest answer',
    unit: 'KiB',
    most: 256,
  },
} as const satisfies Readonly<Record<string, Row>>;

export type RowName = keyof typeof rows;
