/** A guarantee under a fault: the figure that a test measures, and its bound. */
export interface Row {
  readonly fault: string;
  readonly figure: string;
  readonly unit: string;
  readonly most?: number;
  readonly least?: number;
}

/** docs/reliability.md has a line for each row with its last measurement. One test of this folder measures it. */
export const rows = {
  'watch-half-open': {
    fault: 'the watch of namespaces: packets of open connections are dropped (half-open)',
    figure: 'recovered within',
    unit: 's',
    most: 60,
  },
  'watch-dark': {
    fault: 'the watch of namespaces: all packets are dropped',
    figure: 'recovered within',
    unit: 's',
    most: 60,
  },
  'watch-reset': {
    fault: 'the watch of namespaces: each connection is reset',
    figure: 'recovered within',
    unit: 's',
    most: 60,
  },
  'watch-gone': {
    fault: 'the watch of namespaces: 410 Gone, on list, on watch, within the stream',
    figure: 'recovered within',
    unit: 's',
    most: 60,
  },
  'watch-server-error': {
    fault: 'the watch of namespaces: 503 to everything',
    figure: 'recovered within',
    unit: 's',
    most: 60,
  },
  'watch-slow': {
    fault: 'the watch of namespaces: one byte a second',
    figure: 'recovered within',
    unit: 's',
    most: 60,
  },
  'watch-html': {
    fault: 'the watch of namespaces: HTML with status 200',
    figure: 'recovered within',
    unit: 's',
    most: 60,
  },
  'watch-versions': {
    fault: 'the watch of namespaces: resourceVersion goes back, is not a number, is always the same, is missing',
    figure: 'recovered within',
    unit: 's',
    most: 60,
  },
  'watch-requests': {
    fault: 'the watch of namespaces: each of these',
    figure: 'most requests during that time',
    unit: 'a second',
    most: 1,
  },
  'stdout-gone': {
    fault: 'stdout’s reader has exited (EPIPE), 500 reviews',
    figure: 'longest answer',
    unit: 'ms',
    most: 1000,
  },
  'stdout-gone-cpu': {
    fault: 'stdout’s reader has exited (EPIPE)',
    figure: 'CPU at rest',
    unit: '% of a core',
    most: 20,
  },
  'stdout-blocked': {
    fault: 'stdout is blocked, 6,000 reviews, 16 at a time',
    figure: 'longest answer',
    unit: 'ms',
    most: 1000,
  },
  'descriptors-cpu': {
    fault: '64 file descriptors, 300 silent connections',
    figure: 'CPU during that time',
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
    figure: 'answers again within',
    unit: 'ms',
    most: 2000,
  },
  'paused-recovery': {
    fault: 'paused (SIGSTOP) for 20 s, and a namespace changes',
    figure: 'recovered after SIGCONT within',
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
    figure: 'wrong or missing answers',
    unit: 'answers',
    most: 0,
  },
  'tls-full-recovery': {
    fault: 'disk full under the TLS directory, and space again',
    figure: 'a new certificate is served within',
    unit: 's',
    most: 10,
  },
  'clock-admissions': {
    fault: 'the clock of one of two replicas is a year ahead, right, a year behind, right',
    figure: 'refused required pods',
    unit: 'pods',
    most: 0,
  },
  'clock-change': {
    fault: 'the clock of one of two replicas is set a year forwards, back, a year backwards, back',
    figure: 'a changed namespace applies there within',
    unit: 's',
    most: 5,
  },
  'profiles-wrong': {
    fault: 'the directory of profiles: broken, half written, unreadable, a loop, removed',
    figure: 'answers not by the last valid version',
    unit: 'answers',
    most: 0,
  },
  'profiles-recovery': {
    fault: 'the directory of profiles: valid again, with a new version',
    figure: 'recovered within',
    unit: 's',
    most: 60,
  },
  memory: {
    fault:
      '128 MiB (ulimit -d with 16 MiB more for what is only reserved, --max-old-space-size=64), 1,000 namespaces, 200 reviews/s, some of them of pods of 1 MiB',
    figure: 'peak memory (anonymous)',
    unit: 'MiB',
    most: 128,
  },
  'fat-namespaces': {
    fault:
      '256 MiB (a memory cgroup), 2,000 namespaces with 250 KB of annotations each, at the start, changing, listed again',
    figure: 'peak memory (anonymous)',
    unit: 'MiB',
    most: 128,
  },
  'rolling-restarts': {
    fault: 'rolling restarts of two replicas under 500 reviews/s',
    figure: 'failed reviews',
    unit: 'reviews',
    most: 0,
  },
  'rolling-restarts-pace': {
    fault: 'rolling restarts of two replicas under 500 reviews/s',
    figure: 'reviews during that time',
    unit: 'a second',
    least: 300,
  },
  'overload-lost': {
    fault: '10 times the sustainable rate of expensive pods, for 30 s, from 1,800 concurrent callers',
    figure: 'unanswered or wrong answers',
    unit: 'reviews',
    most: 0,
  },
  'overload-longest': {
    fault: '10 times the sustainable rate of expensive pods, for 30 s, from 1,800 concurrent callers',
    figure: 'longest answer (timeout: 5 s)',
    unit: 'ms',
    most: 4500,
  },
  'overload-decided': {
    fault: '10 times the sustainable rate of expensive pods, for 30 s, from 1,800 concurrent callers',
    figure: 'evaluated during that time, relative to peak throughput',
    unit: '%',
    least: 25,
  },
  'overload-required': {
    fault: '10 times the sustainable rate of expensive pods, for 30 s, from 1,800 concurrent callers',
    figure: 'pods that require injection and were admitted without it',
    unit: 'pods',
    most: 0,
  },
  'overload-recovery': {
    fault: '10 times the sustainable rate of expensive pods, for 30 s, from 1,800 concurrent callers',
    figure: 'p99 of answers from 2 s after the overload, relative to before',
    unit: 'times',
    most: 3,
  },
  'flood-lost': {
    fault: '10 times the sustainable rate of small pods, for 10 s, from 1,800 concurrent callers',
    figure: 'unanswered or wrong answers',
    unit: 'reviews',
    most: 0,
  },
  'flood-longest': {
    fault: '10 times the sustainable rate of small pods, for 10 s, from 1,800 concurrent callers',
    figure: 'longest answer (timeout: 5 s)',
    unit: 'ms',
    most: 4500,
  },
  'slow-closed': {
    fault: '500 slow connections: headers, bodies, handshakes, a byte a second or less',
    figure: 'all closed within',
    unit: 's',
    most: 12,
  },
  'slow-good': {
    fault: '500 slow connections: headers, bodies, handshakes, a byte a second or less',
    figure: 'p99 of good calls during that time, relative to before',
    unit: 'times',
    most: 3,
  },
  'admin-metrics-good': {
    fault: '300 callers of /metrics at its largest, each of which opens its connection again if it is closed',
    figure: 'p99 of good calls during that time, relative to before',
    unit: 'times',
    most: 3,
  },
  'admin-metrics-lost': {
    fault: '300 callers of /metrics at its largest, each of which opens its connection again if it is closed',
    figure: 'reviews that were not evaluated',
    unit: 'reviews',
    most: 0,
  },
  'admin-metrics-probes': {
    fault: '300 callers of /metrics at its largest, each of which opens its connection again if it is closed',
    figure: '/livez and /readyz answered within the timeout of the probe',
    unit: '%',
    least: 100,
  },
  'admin-idle-memory': {
    fault: '6,000 connections to the admin port that send nothing',
    figure: 'more memory (anonymous)',
    unit: 'MiB',
    most: 32,
  },
  'admin-idle-open': {
    fault: '6,000 connections to the admin port that send nothing',
    figure: 'connections that stay open',
    unit: 'connections',
    most: 260,
  },
  'admin-idle-probes': {
    fault: '6,000 connections to the admin port that send nothing',
    figure: '/livez and /readyz answered within the timeout of the probe',
    unit: '%',
    least: 100,
  },
  'bodies-answered': {
    fault: '100 bodies of 20 MiB at once, with a length and without one',
    figure: 'clients that received 413',
    unit: '%',
    least: 100,
  },
  'bodies-memory': {
    fault: '100 bodies of 20 MiB, then of 3 MiB, at once',
    figure: 'peak memory',
    unit: 'MiB',
    most: 256,
  },
  'hoard-small': {
    fault: '256 MiB (a memory cgroup), 2,500 connections with an unfinished body of 126 KiB each',
    figure: 'peak memory (anonymous)',
    unit: 'MiB',
    most: 200,
  },
  'hoard-small-good': {
    fault: '256 MiB (a memory cgroup), 2,500 connections with an unfinished body of 126 KiB each',
    figure: 'reviews during that time that were not answered',
    unit: 'reviews',
    most: 0,
  },
  'hoard-idle': {
    fault: '256 MiB (a memory cgroup), 9,000 idle connections, after a request, a review, or half a handshake',
    figure: 'peak memory (anonymous)',
    unit: 'MiB',
    most: 200,
  },
  'hoard-idle-good': {
    fault: '256 MiB (a memory cgroup), 9,000 idle connections, after a request, a review, or half a handshake',
    figure: 'reviews during that time that were not answered',
    unit: 'reviews',
    most: 0,
  },
  'hoard-large-good': {
    fault: '12 connections with an unfinished body of 1.39 MB each, time and again',
    figure: 'reviews of 200 KB during that time that were not answered',
    unit: 'reviews',
    most: 0,
  },
  'reviews-growth': {
    fault: '256 MiB (a memory cgroup), 1,000,000 varied reviews (in CI a sample)',
    figure: 'memory (anonymous) gained after the first 50,000',
    unit: 'MiB',
    most: 10,
  },
  'reviews-lost': {
    fault: '256 MiB (a memory cgroup), 1,000,000 varied reviews (in CI a sample)',
    figure: 'reviews that were not answered',
    unit: 'reviews',
    most: 0,
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
    fault: 'hostile and unusual pods, one after the other',
    figure: 'longest stall of the event loop by one pod',
    unit: 'ms',
    most: 100,
  },
  'hostile-size': {
    fault: 'hostile and unusual pods, one after the other',
    figure: 'largest answer',
    unit: 'KiB',
    most: 256,
  },
} as const satisfies Readonly<Record<string, Row>>;

export type RowName = keyof typeof rows;
