import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

type MetricRow =
  | { readonly type: 'counter' | 'gauge'; readonly help: string; readonly labels: readonly string[] }
  | {
      readonly type: 'histogram';
      readonly help: string;
      readonly labels: readonly string[];
      readonly buckets: number[];
    };

/** Every metric of ours; the reference is made from these rows. Labels take their values from tables of ours, so they are bounded. */
export const metricRows = {
  agent_injector_reviews_total: {
    type: 'counter',
    help: 'Reviews answered, by outcome (injected, skipped, refused) and reason code (empty when injected).',
    labels: ['outcome', 'reason'],
  },
  agent_injector_review_duration_seconds: {
    type: 'histogram',
    help: 'Time from a parsed request to its answer, namespace look-ups included.',
    labels: [],
    buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5],
  },
  agent_injector_bad_requests_total: {
    type: 'counter',
    help: 'Requests answered with an HTTP error, by status code.',
    labels: ['status'],
  },
  agent_injector_namespaces: {
    type: 'gauge',
    help: 'Namespaces in the cache.',
    labels: [],
  },
  agent_injector_namespaces_synced: {
    type: 'gauge',
    help: '1 once the namespaces are known, else 0.',
    labels: [],
  },
  agent_injector_namespaces_age_seconds: {
    type: 'gauge',
    help: 'Time since the API server was last heard from about namespaces.',
    labels: [],
  },
  agent_injector_namespace_watch_restarts_total: {
    type: 'counter',
    help: 'Times that the watch of namespaces ended and was begun anew.',
    labels: [],
  },
  agent_injector_certificate_expiry_seconds: {
    type: 'gauge',
    help: 'When the served certificate (leaf) and the last authority that vouches for it (ca) expire, in seconds since 1970.',
    labels: ['kind'],
  },
  agent_injector_certificate_renewals_total: {
    type: 'counter',
    help: 'Times that another certificate was taken into service (leaf), or another set of authorities was to be trusted (ca).',
    labels: ['kind'],
  },
  agent_injector_certificate_problem: {
    type: 'gauge',
    help: '1 while the certificate cannot be read, renewed or published; the log says why. Else 0.',
    labels: [],
  },
  agent_injector_ca_bundle_repairs_total: {
    type: 'counter',
    help: 'Times that this replica wrote caBundle because it was not as it should be, the first time included.',
    labels: [],
  },
  agent_injector_webhook_drift: {
    type: 'gauge',
    help: 'Webhook entries of the configuration in which this field is not as the server needs it.',
    labels: ['field'],
  },
  agent_injector_profiles: {
    type: 'gauge',
    help: 'Profiles by state: built-in, user (as its document says), last-good (its document is broken, the version before it goes on), broken (not served).',
    labels: ['state'],
  },
  agent_injector_profile_problems: {
    type: 'gauge',
    help: 'What is wrong in the directory of profiles at this moment; the log and /readyz say what.',
    labels: [],
  },
  agent_injector_profile_reloads_total: {
    type: 'counter',
    help: 'Times that changed profiles were taken, by result: sound, or broken (some of them were not taken).',
    labels: ['result'],
  },
  agent_injector_config_maps: {
    type: 'gauge',
    help: 'ConfigMaps whose keys are known; 0 where they are not asked for (configMapKeys).',
    labels: [],
  },
  agent_injector_build_info: {
    type: 'gauge',
    help: 'Always 1; the version is in the label.',
    labels: ['version'],
  },
} as const satisfies Readonly<Record<string, MetricRow>>;

/** The cluster's state as far as it is measured, read when Prometheus asks. */
export interface Gauges {
  readonly namespaces: () => {
    readonly size: number;
    readonly synced: boolean;
    readonly ageMs: number | undefined;
    readonly restarts: number;
  };
  readonly certificates: () => CertificateGauges;
  readonly profiles?: () => ProfileGauges;
  /** Undefined: nobody asks. */
  readonly configMaps?: () => number | undefined;
}

export interface ProfileGauges {
  /** From a state to the number of profiles. */
  readonly profiles: Readonly<Record<string, number>>;
  readonly problems: number;
  /** From a result to the number of times. */
  readonly reloads: Readonly<Record<string, number>>;
}

export interface CertificateGauges {
  readonly expiry: { readonly leaf: Date | undefined; readonly ca: Date | undefined };
  readonly renewals: { readonly leaf: number; readonly ca: number };
  readonly hasProblem: boolean;
  readonly repairs: number;
  /** From the name of a field to the number of entries. */
  readonly drift: Readonly<Record<string, number>>;
}

export interface Metrics {
  /** Counts a review that was answered. */
  readonly reviewed: (outcome: string, reason: string, seconds: number) => void;
  readonly badRequest: (status: number) => void;
  /** The exposition format of Prometheus, and its content type. */
  readonly render: () => Promise<string>;
  readonly contentType: string;
}

/** Metrics with a registry of their own, so that two servers in one process (a test) do not count into each other. */
export function createMetrics(gauges: Gauges, version: string): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const options = <N extends keyof typeof metricRows>(name: N) => optionsOf(name, registry);
  const reviews = new Counter(options('agent_injector_reviews_total'));
  const duration = new Histogram({
    ...options('agent_injector_review_duration_seconds'),
    buckets: [...metricRows.agent_injector_review_duration_seconds.buckets],
  });
  const badRequests = new Counter(options('agent_injector_bad_requests_total'));
  const gauge = (name: keyof typeof metricRows, read: () => number | undefined): void => {
    const made: Gauge = new Gauge({
      ...options(name),
      collect() {
        const value = read();
        if (value !== undefined) made.set(value);
      },
    });
  };
  gauge('agent_injector_namespaces', () => gauges.namespaces().size);
  gauge('agent_injector_namespaces_synced', () => Number(gauges.namespaces().synced));
  gauge('agent_injector_namespaces_age_seconds', () => {
    const { ageMs } = gauges.namespaces();
    return ageMs === undefined ? undefined : ageMs / 1000;
  });
  gauge('agent_injector_config_maps', () => gauges.configMaps?.());
  measureCertificates(registry, gauges.certificates);
  measureProfiles(registry, gauges.profiles);
  new Gauge(options('agent_injector_build_info')).set({ version }, 1);
  const restarts: Counter = new Counter({
    ...options('agent_injector_namespace_watch_restarts_total'),
    collect() {
      restarts.reset();
      restarts.inc(gauges.namespaces().restarts);
    },
  });
  return {
    reviewed: (outcome, reason, seconds) => {
      reviews.inc({ outcome, reason });
      duration.observe(seconds);
    },
    badRequest: (status) => badRequests.inc({ status }),
    render: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

function optionsOf<N extends keyof typeof metricRows>(name: N, registry: Registry) {
  return { name, help: metricRows[name].help, labelNames: [...metricRows[name].labels], registers: [registry] };
}

function measureProfiles(
  registry: Registry,
  read: () => ProfileGauges = () => ({ profiles: {}, problems: 0, reloads: {} }),
): void {
  const profiles: Gauge = new Gauge({
    ...optionsOf('agent_injector_profiles', registry),
    collect() {
      for (const [state, count] of Object.entries(read().profiles)) profiles.set({ state }, count);
    },
  });
  const problems: Gauge = new Gauge({
    ...optionsOf('agent_injector_profile_problems', registry),
    collect() {
      problems.set(read().problems);
    },
  });
  const reloads: Counter = new Counter({
    ...optionsOf('agent_injector_profile_reloads_total', registry),
    collect() {
      reloads.reset();
      for (const [result, count] of Object.entries(read().reloads)) reloads.inc({ result }, count);
    },
  });
}

function measureCertificates(registry: Registry, read: () => CertificateGauges): void {
  const expiry: Gauge = new Gauge({
    ...optionsOf('agent_injector_certificate_expiry_seconds', registry),
    collect() {
      const { leaf, ca } = read().expiry;
      expiry.reset();
      if (leaf) expiry.set({ kind: 'leaf' }, leaf.getTime() / 1000);
      if (ca) expiry.set({ kind: 'ca' }, ca.getTime() / 1000);
    },
  });
  const renewals: Counter = new Counter({
    ...optionsOf('agent_injector_certificate_renewals_total', registry),
    collect() {
      renewals.reset();
      for (const [kind, count] of Object.entries(read().renewals)) renewals.inc({ kind }, count);
    },
  });
  const repairs: Counter = new Counter({
    ...optionsOf('agent_injector_ca_bundle_repairs_total', registry),
    collect() {
      repairs.reset();
      repairs.inc(read().repairs);
    },
  });
  const problem: Gauge = new Gauge({
    ...optionsOf('agent_injector_certificate_problem', registry),
    collect() {
      problem.set(Number(read().hasProblem));
    },
  });
  const drift: Gauge = new Gauge({
    ...optionsOf('agent_injector_webhook_drift', registry),
    collect() {
      for (const [field, count] of Object.entries(read().drift)) drift.set({ field }, count);
    },
  });
}
