import { Gauge, type Registry } from 'prom-client';
import type { AuditFigures } from '../diagnostics/audit.ts';
import { type metricRows, MAX_NAMESPACES, optionsOf, OTHER_LABEL } from './definitions.ts';

export interface AuditGauges extends AuditFigures {
  readonly ageMs: number;
}

/** The metrics of the last audit: none while there is none. */
export function measureAudits(registry: Registry, read: () => AuditGauges | undefined = () => undefined): void {
  const expectedNotInjected: Gauge = new Gauge({
    ...optionsOf('agent_injector_expected_not_injected_pods', registry),
    collect() {
      expectedNotInjected.reset();
      const counts = read()?.expectedNotInjected ?? new Map<string, number>();
      for (const [namespace, pods] of bounded(counts)) expectedNotInjected.set({ namespace }, pods);
    },
  });
  const gauge = (name: keyof typeof metricRows, value: (audit: AuditGauges) => number): void => {
    const made: Gauge = new Gauge({
      ...optionsOf(name, registry),
      collect() {
        const audit = read();
        // A gauge without labels is 0 unless it is taken away.
        if (audit) made.set(value(audit));
        else made.remove();
      },
    });
  };
  gauge('agent_injector_cannot_be_injected_pods', ({ cannotBeInjected }) => cannotBeInjected);
  gauge('agent_injector_outdated_pods', ({ outdated }) => outdated);
  gauge('agent_injector_injected_but_off_pods', ({ namespaceOff }) => namespaceOff);
  gauge('agent_injector_audit_age_seconds', ({ ageMs }) => ageMs / 1000);
}

/** So many namespaces by name, those with the most pods; replicas that see the same name the same. The others together. */
function bounded(counts: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const sorted = [...counts].toSorted(([one, most], [other, more]) => more - most || (one < other ? -1 : 1));
  const rest = sorted.slice(MAX_NAMESPACES).reduce((sum, [, pods]) => sum + pods, 0);
  const named = new Map(sorted.slice(0, MAX_NAMESPACES));
  // A namespace may be called so, too.
  return rest === 0 ? named : named.set(OTHER_LABEL, (named.get(OTHER_LABEL) ?? 0) + rest);
}
