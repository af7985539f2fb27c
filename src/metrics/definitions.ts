import type { Registry } from 'prom-client';

/** Namespaces that get a label value of their own: each costs a series per profile, outcome and reason. */
export const MAX_NAMESPACES = 200;

export const OTHER_LABEL = 'other';

type MetricRow =
  | { readonly type: 'counter' | 'gauge'; readonly help: string; readonly labels: readonly string[] }
  | {
      readonly type: 'histogram';
      readonly help: string;
      readonly labels: readonly string[];
      readonly buckets: number[];
    };

/** Every metric of ours; the reference is made from these rows. Labels take their values from tables of ours, or are bounded in number. */
export const metricRows = {
  agent_injector_reviews_total: {
    type: 'counter',
    help: 'Reviews answered, by outcome (injected, skipped, refused) and reason code (empty when injected).',
    labels: ['outcome', 'reason'],
  },
  agent_injector_decisions_total: {
    type: 'counter',
    help: 'Decisions by namespace, profile, outcome and reason code. A pod counts once for each profile that was looked at, under an empty one where none was. Of namespaces that are opted in the first 200 are named, the others are "other"; of 3,000 series on, profiles are, too.',
    labels: ['namespace', 'profile', 'outcome', 'reason'],
  },
  agent_injector_notices_total: {
    type: 'counter',
    help: 'What was told beside a decision, by reason code: typing errors, things to look at. A pod counts once for each code.',
    labels: ['code'],
  },
  agent_injector_review_duration_seconds: {
    type: 'histogram',
    help: 'Time from a parsed request to its answer, namespace look-ups included.',
    labels: [],
    buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5],
  },
  agent_injector_known_answers_total: {
    type: 'counter',
    help: 'Reviews of pods of a template that was answered before, and nothing had changed since: the same answer was given again.',
    labels: [],
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
  agent_injector_namespaces_mislabelled: {
    type: 'gauge',
    help: 'Namespaces that were probably meant to be injected, and are not, for their label is only almost right; the log names them.',
    labels: [],
  },
  agent_injector_events_total: {
    type: 'counter',
    help: 'Events for workloads, by result: written, known (another replica has written it), repeated (said already in these ten minutes), dropped (too many), failed (the log says why).',
    labels: ['result'],
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
  agent_injector_cache_synced: {
    type: 'gauge',
    help: '1 once the objects of this resource are known, else 0. Resources that are not watched are left out.',
    labels: ['resource'],
  },
  agent_injector_cache_objects: {
    type: 'gauge',
    help: 'Objects of this resource that are known.',
    labels: ['resource'],
  },
  agent_injector_cache_age_seconds: {
    type: 'gauge',
    help: 'Time since the API server was last heard from about this resource. After two minutes nothing is gone by.',
    labels: ['resource'],
  },
  agent_injector_cache_watch_restarts_total: {
    type: 'counter',
    help: 'Times that list and watch of this resource were begun anew because of trouble, such as a permission that lacks.',
    labels: ['resource'],
  },
  agent_injector_expected_not_injected_pods: {
    type: 'gauge',
    help: 'Pods that should carry an agent and do not, by namespace, as the last audit counted them (auditInterval). A namespace without any is left out; of more than 200 those with the most pods are named, the others are "other". Every replica counts the same pods: take the maximum.',
    labels: ['namespace'],
  },
  agent_injector_cannot_be_injected_pods: {
    type: 'gauge',
    help: 'Pods for which an agent was asked that they cannot be given; `agent-injector audit -A` says why. As the last audit counted them.',
    labels: [],
  },
  agent_injector_outdated_pods: {
    type: 'gauge',
    help: 'Pods that carry an agent as its profile was before. As the last audit counted them.',
    labels: [],
  },
  agent_injector_injected_but_off_pods: {
    type: 'gauge',
    help: 'Pods that carry an agent though their namespace is off. As the last audit counted them.',
    labels: [],
  },
  agent_injector_audit_age_seconds: {
    type: 'gauge',
    help: 'Time since the last audit that went through all pods; absent while there was none.',
    labels: [],
  },
  agent_injector_log_lines_dropped_total: {
    type: 'counter',
    help: 'Log lines that were given up because whoever reads standard output was too slow, or gone.',
    labels: [],
  },
  agent_injector_build_info: {
    type: 'gauge',
    help: 'Always 1; the version is in the label.',
    labels: ['version'],
  },
} as const satisfies Readonly<Record<string, MetricRow>>;

/** What prom-client wants to know of a metric besides its kind. */
export function optionsOf<N extends keyof typeof metricRows>(name: N, registry: Registry) {
  return { name, help: metricRows[name].help, labelNames: [...metricRows[name].labels], registers: [registry] };
}
