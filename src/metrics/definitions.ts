import type { Registry } from 'prom-client';

/** Namespaces with their own label value. Each costs one series per profile, outcome and reason. */
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

/** Every metric of the injector; docs/reference/monitoring.md is generated from it. The number of values of each label is bounded. */
export const metricRows = {
  agent_injector_reviews_total: {
    type: 'counter',
    help: 'Reviews decided, by outcome (injected, skipped, refused) and reason code (empty when injected). What is called later may still refuse the pod. A second review of a pod that only finds what the first one injected does not count.',
    labels: ['outcome', 'reason'],
  },
  agent_injector_decisions_total: {
    type: 'counter',
    help: 'Decisions by namespace, profile, outcome and reason code, made before the pod exists: what is called later may still refuse it. A pod counts once per profile that was evaluated, or once with an empty profile if none was. The first 200 enabled namespaces have their own label value, all others count as "other"; after 3,000 series, further series count under the namespace and the profile "other".',
    labels: ['namespace', 'profile', 'outcome', 'reason'],
  },
  agent_injector_notices_total: {
    type: 'counter',
    help: 'Notices about reviewed pods, by code, such as misspelled annotations. A pod counts once per code.',
    labels: ['code'],
  },
  agent_injector_review_duration_seconds: {
    type: 'histogram',
    help: 'Seconds from the complete request to its answer, including namespace lookups.',
    labels: [],
    buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5],
  },
  agent_injector_known_answers_total: {
    type: 'counter',
    help: 'Reviews answered from the cache: the answer to an earlier pod of the same template was still valid.',
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
    help: '1 once all namespaces are loaded, otherwise 0.',
    labels: [],
  },
  agent_injector_namespaces_age_seconds: {
    type: 'gauge',
    help: 'Seconds since the API server last sent anything about namespaces.',
    labels: [],
  },
  agent_injector_namespace_watch_restarts_total: {
    type: 'counter',
    help: 'Number of times list and watch of namespaces were restarted after an error.',
    labels: [],
  },
  agent_injector_namespaces_mislabelled: {
    type: 'gauge',
    help: 'Namespaces with a misspelled injection label, so their pods are not injected. The log names them.',
    labels: [],
  },
  agent_injector_events_total: {
    type: 'counter',
    help: 'Kubernetes Events for workloads, by result: written, known (another replica wrote it), repeated (the same Event was written in the last ten minutes), dropped (over the rate limit, or the namespace is being deleted), unverified (the pod has no controller of a known kind, or it does not exist), failed (see the log).',
    labels: ['result'],
  },
  agent_injector_certificate_expiry_seconds: {
    type: 'gauge',
    help: 'Unix time at which the serving certificate (leaf) and the last CA certificate that verifies it (ca) expire.',
    labels: ['kind'],
  },
  agent_injector_certificate_renewals_total: {
    type: 'counter',
    help: 'Number of times the serving certificate (leaf) or the set of trusted CA certificates (ca) was replaced.',
    labels: ['kind'],
  },
  agent_injector_certificate_problem: {
    type: 'gauge',
    help: '1 while the certificate cannot be read, renewed or published, otherwise 0. The log has the cause.',
    labels: [],
  },
  agent_injector_foreign_ca_certificates: {
    type: 'gauge',
    help: 'Trusted CA certificates that no replica made, since this replica started. The log names them.',
    labels: [],
  },
  agent_injector_ca_bundle_repairs_total: {
    type: 'counter',
    help: 'Number of times this replica wrote caBundle because its value was wrong or missing, including the first time.',
    labels: [],
  },
  agent_injector_webhook_drift: {
    type: 'gauge',
    help: 'Webhook entries in which this field differs from what the server needs.',
    labels: ['field'],
  },
  agent_injector_profiles: {
    type: 'gauge',
    help: 'Profiles by state: built-in, user (from a valid document), last-good (the document is broken, its last valid version is served), broken (not served).',
    labels: ['state'],
  },
  agent_injector_profile_problems: {
    type: 'gauge',
    help: 'Current problems in the profile directory. The log and /readyz list them.',
    labels: [],
  },
  agent_injector_profile_reloads_total: {
    type: 'counter',
    help: 'Number of times changed profiles were loaded, by result: sound, or broken (some documents were rejected).',
    labels: ['result'],
  },
  agent_injector_injection_mode: {
    type: 'gauge',
    help: '1 for the mode that applies to the cluster (on, dry-run or off), 0 for the others.',
    labels: ['mode'],
  },
  agent_injector_suspended_profiles: {
    type: 'gauge',
    help: 'Profiles that are not injected because they are suspended, in their document or by agent-injector stop.',
    labels: [],
  },
  agent_injector_config_maps: {
    type: 'gauge',
    help: 'ConfigMaps whose keys are known. 0 if keys are not read (configMapKeys).',
    labels: [],
  },
  agent_injector_cache_synced: {
    type: 'gauge',
    help: '1 once all objects of this resource are loaded, otherwise 0. Only watched resources are listed.',
    labels: ['resource'],
  },
  agent_injector_cache_objects: {
    type: 'gauge',
    help: 'Objects of this resource in the cache.',
    labels: ['resource'],
  },
  agent_injector_cache_age_seconds: {
    type: 'gauge',
    help: 'Seconds since the API server last sent anything about this resource. Data older than two minutes is ignored.',
    labels: ['resource'],
  },
  agent_injector_cache_watch_restarts_total: {
    type: 'counter',
    help: 'Number of times list and watch of this resource were restarted after an error, such as a missing permission.',
    labels: ['resource'],
  },
  agent_injector_expected_not_injected_pods: {
    type: 'gauge',
    help: 'Pods that should have an agent but do not, by namespace, as of the last audit (auditInterval). Namespaces without such pods are left out. The 200 namespaces with the most pods have their own label value, all others count as "other". Every replica counts the same pods: use the maximum.',
    labels: ['namespace'],
  },
  agent_injector_cannot_be_injected_pods: {
    type: 'gauge',
    help: 'Pods that asked for an agent that cannot be injected, or that share its place with another one, as of the last audit; `agent-injector audit -A` shows the reasons.',
    labels: [],
  },
  agent_injector_outdated_pods: {
    type: 'gauge',
    help: 'Pods injected with an earlier version of their profile, as of the last audit.',
    labels: [],
  },
  agent_injector_injected_but_off_pods: {
    type: 'gauge',
    help: 'Pods that have an agent although injection is off for their namespace, as of the last audit.',
    labels: [],
  },
  agent_injector_audit_age_seconds: {
    type: 'gauge',
    help: 'Seconds since the last complete audit. Absent before the first one.',
    labels: [],
  },
  agent_injector_pods: {
    type: 'gauge',
    help: 'Pods with an agent, by the label agent-injector.io/injected and by what became of them: starting, running, crashing, pull-failed (an image is not pulled), copy-failed (the init container of the agent), out-of-memory. Of the replica of the observer that leads. Only the first 100 values of the label count by themselves, all others as "other".',
    labels: ['profile', 'state'],
  },
  agent_injector_breakers: {
    type: 'gauge',
    help: 'Circuit breakers that are not closed, by what they are about (workload or profile), profile and phase: suspected, open, half-open, cleared. Of each replica of the observer: use the maximum.',
    labels: ['scope', 'profile', 'phase'],
  },
  agent_injector_observer_leads: {
    type: 'gauge',
    help: '1 in the replica of the observer that observes, 0 in the others.',
    labels: [],
  },
  agent_injector_evictions_total: {
    type: 'counter',
    help: 'Pods that fail with the agent and were to be evicted, by result: evicted, refused (by a PodDisruptionBudget; it is tried again), failed (see the log).',
    labels: ['result'],
  },
  agent_injector_log_lines_dropped_total: {
    type: 'counter',
    help: 'Log lines dropped because standard output is blocked or closed.',
    labels: [],
  },
  agent_injector_build_info: {
    type: 'gauge',
    help: 'Always 1. The label has the version.',
    labels: ['version'],
  },
} as const satisfies Readonly<Record<string, MetricRow>>;

export type MetricName = keyof typeof metricRows;

export function optionsOf<N extends MetricName>(name: N, registry: Registry) {
  return { name, help: metricRows[name].help, labelNames: [...metricRows[name].labels], registers: [registry] };
}
