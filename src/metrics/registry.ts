import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { measureAudits } from './audits.ts';
import { measureCaches } from './caches.ts';
import { measureDecisions } from './decisions.ts';
import { type metricRows, optionsOf } from './definitions.ts';
import { readCounter } from './read-counter.ts';
import type { CertificateGauges, Gauges, Metrics, ProfileGauges } from './types.ts';

/** Metrics with a registry of their own, so that two servers in one process (a test) do not count into each other. */
export function createMetrics(gauges: Gauges, version: string): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const options = <N extends keyof typeof metricRows>(name: N) => optionsOf(name, registry);
  const decisions = measureDecisions(registry);
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
  gauge('agent_injector_namespaces_mislabelled', () => gauges.namespaces().mislabelled ?? 0);
  const events: Counter = new Counter({
    ...options('agent_injector_events_total'),
    collect() {
      events.reset();
      for (const [result, count] of Object.entries(gauges.events?.() ?? {})) events.inc({ result }, count);
    },
  });
  measureCertificates(registry, gauges.certificates);
  measureProfiles(registry, gauges.profiles);
  measureCaches(registry, gauges.caches);
  measureAudits(registry, gauges.audit);
  new Gauge(options('agent_injector_build_info')).set({ version }, 1);
  readCounter('agent_injector_namespace_watch_restarts_total', registry, () => gauges.namespaces().restarts);
  readCounter('agent_injector_log_lines_dropped_total', registry, () => gauges.logLinesDropped?.() ?? 0);
  return {
    ...decisions,
    badRequest: (status) => badRequests.inc({ status }),
    render: () => registry.metrics(),
    contentType: registry.contentType,
  };
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
  readCounter('agent_injector_ca_bundle_repairs_total', registry, () => read().repairs);
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
