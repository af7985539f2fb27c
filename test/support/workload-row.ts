import type { WorkloadRow } from '../../src/page/wire.ts';

/** A workload without anything wrong. */
export function workloadRow(over: Partial<WorkloadRow> = {}): WorkloadRow {
  return {
    namespace: 'shop',
    workload: 'Deployment/web',
    pods: 2,
    asked: 2,
    injected: 2,
    states: { running: 2 },
    outdated: 0,
    missing: 0,
    leftover: 0,
    stopped: 0,
    profiles: ['acme-java@2b8964eb'],
    deliveries: ['image'],
    whyNot: [],
    ...over,
  };
}
