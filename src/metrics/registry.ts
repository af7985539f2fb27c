import { setImmediate as nextTurn } from 'node:timers/promises';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { INJECTION_MODES } from '../api/injection-switch.ts';
import { measureAudits } from './audits.ts';
import { measureCaches } from './caches.ts';
import { collectByLabel, collectValue } from './collect.ts';
import { measureDecisions } from './decisions.ts';
import { optionsOf } from './definitions.ts';
import type { CertificateGauges, Gauges, Metrics, ProfileGauges } from './types.ts';

/** Twice the default: each measurement wakes an idle process. */
const LAG_RESOLUTION_MS = 20;

/** Creates the metrics in a registry of their own, so that two servers in one process (a test) do not share counters. */
export function createMetrics(gauges: Gauges, version: string): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LAG_RESOLUTION_MS });
  const decisions = measureDecisions(registry);
  const badRequests = new Counter(optionsOf('agent_injector_bad_requests_total', registry));
  measureNamespaces(registry, gauges.namespaces);
  collectValue(registry, 'agent_injector_config_maps', () => gauges.configMaps?.() ?? 0);
  collectByLabel(registry, 'agent_injector_events_total', () => gauges.events?.() ?? {});
  measureCertificates(registry, gauges.certificates);
  measureProfiles(registry, gauges.profiles);
  measureInjection(registry, gauges.injection);
  measureCaches(registry, gauges.caches);
  measureAudits(registry, gauges.audit);
  new Gauge(optionsOf('agent_injector_build_info', registry)).set({ version }, 1);
  collectValue(registry, 'agent_injector_log_lines_dropped_total', () => gauges.logLinesDropped?.() ?? 0);
  return {
    ...decisions,
    recordBadRequest: (status) => badRequests.inc({ status }),
    render: () => renderRegistry(registry),
    contentType: registry.contentType,
  };
}

/** Like registry.metrics(), one metric in each turn of the event loop: reviews do not wait for all of them. */
export async function renderRegistry(registry: Registry): Promise<string> {
  const texts: string[] = [];
  for (const { name } of registry.getMetricsAsArray()) {
    // oxlint-disable-next-line no-await-in-loop -- one at a time
    texts.push(await registry.getSingleMetricAsString(name));
    // oxlint-disable-next-line no-await-in-loop -- a turn for others
    await nextTurn();
  }
  return `${texts.join('\n\n')}\n`;
}

function measureNamespaces(registry: Registry, read: Gauges['namespaces']): void {
  collectValue(registry, 'agent_injector_namespaces', () => read().size);
  collectValue(registry, 'agent_injector_namespaces_synced', () => Number(read().synced));
  collectValue(registry, 'agent_injector_namespaces_age_seconds', () => (read().ageMs ?? 0) / 1000);
  collectValue(registry, 'agent_injector_namespaces_mislabelled', () => read().mislabelled ?? 0);
  collectValue(registry, 'agent_injector_namespace_watch_restarts_total', () => read().restarts);
}

function measureProfiles(
  registry: Registry,
  read: () => ProfileGauges = () => ({ profiles: {}, problems: 0, reloads: {} }),
): void {
  collectByLabel(registry, 'agent_injector_profiles', () => read().profiles);
  collectValue(registry, 'agent_injector_profile_problems', () => read().problems);
  collectByLabel(registry, 'agent_injector_profile_reloads_total', () => read().reloads);
}

function measureInjection(
  registry: Registry,
  read: NonNullable<Gauges['injection']> = () => ({ mode: 'on', suspendedProfiles: 0 }),
): void {
  collectByLabel(registry, 'agent_injector_injection_mode', () =>
    Object.fromEntries(INJECTION_MODES.map((mode) => [mode, mode === read().mode ? 1 : 0])),
  );
  collectValue(registry, 'agent_injector_suspended_profiles', () => read().suspendedProfiles);
}

function measureCertificates(registry: Registry, read: () => CertificateGauges): void {
  collectByLabel(registry, 'agent_injector_certificate_expiry_seconds', () => {
    const { leaf, ca } = read().expiry;
    return { leaf: seconds(leaf), ca: seconds(ca) };
  });
  collectByLabel(registry, 'agent_injector_certificate_renewals_total', () => read().renewals);
  collectValue(registry, 'agent_injector_certificate_problem', () => Number(read().hasProblem));
  collectValue(registry, 'agent_injector_foreign_ca_certificates', () => read().foreign);
  collectValue(registry, 'agent_injector_ca_bundle_repairs_total', () => read().repairs);
  collectByLabel(registry, 'agent_injector_webhook_drift', () => read().drift);
}

function seconds(date: Date | undefined): number | undefined {
  return date && date.getTime() / 1000;
}
