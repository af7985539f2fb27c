import type { Registry } from 'prom-client';
import type { AuditFigures } from '../diagnostics/audit.ts';
import { collectByLabel, collectValue } from './collect.ts';
import { type MetricName, MAX_NAMESPACES, OTHER_LABEL } from './definitions.ts';

export interface AuditGauges extends AuditFigures {
  readonly ageMs: number;
}

export function measureAudits(registry: Registry, read: () => AuditGauges | undefined = () => undefined): void {
  const collect = (name: MetricName, value: (audit: AuditGauges) => number): void =>
    collectValue(registry, name, () => {
      const audit = read();
      return audit && value(audit);
    });
  collectByLabel(registry, 'agent_injector_expected_not_injected_pods', () =>
    largestNamespaces(read()?.expectedNotInjected),
  );
  collect('agent_injector_cannot_be_injected_pods', ({ cannotBeInjected }) => cannotBeInjected);
  collect('agent_injector_outdated_pods', ({ outdated }) => outdated);
  collect('agent_injector_injected_but_off_pods', ({ namespaceOff }) => namespaceOff);
  collect('agent_injector_audit_age_seconds', ({ ageMs }) => ageMs / 1000);
}

/** Sorted by name where counts are equal, so that replicas that count the same pods name the same namespaces. */
function largestNamespaces(counts: ReadonlyMap<string, number> = new Map()): Readonly<Record<string, number>> {
  const sorted = [...counts].toSorted(([nameA, a], [nameB, b]) => b - a || (nameA < nameB ? -1 : 1));
  const named = new Map(sorted.slice(0, MAX_NAMESPACES));
  const rest = sorted.slice(MAX_NAMESPACES).reduce((sum, [, pods]) => sum + pods, 0);
  // A namespace may itself be called "other".
  if (rest > 0) named.set(OTHER_LABEL, (named.get(OTHER_LABEL) ?? 0) + rest);
  return Object.fromEntries(named);
}
