import type { InjectedAgent, DecisionComparison, Verdict } from '../diagnostics/decision-comparison.ts';
import { reasonMessage } from '../reasons/message.ts';

/** A workload in the output. */
export interface Planned {
  readonly namespace: string;
  readonly workload: string;
  readonly verdict: Verdict;
  readonly message: string;
  /** The API server's answer to a dry run of the changed pod; only with `--server-dry-run`. */
  readonly server?: string;
}

const TITLES: { readonly [verdict in Verdict]: string } = {
  gets: 'Get an agent',
  changes: 'Change',
  loses: 'Lose their agent',
  conflict: 'Conflict',
  'pod-security': 'Rejected by Pod Security',
  skipped: 'Stay without an agent',
  same: 'Do not change',
};

export function comparisonText(comparison: DecisionComparison): string {
  const before = agentsText(comparison.before);
  if ('reason' in comparison) {
    const why = `${reasonMessage(comparison.reason)} (${comparison.reason.code})`;
    return comparison.verdict === 'loses' ? `loses ${before}: ${why}` : why;
  }
  const after = agentsText(comparison.after);
  if (comparison.verdict === 'gets') return `gets ${after}`;
  if (comparison.verdict === 'same') return `keeps ${after}`;
  return before === after ? `keeps ${after}, injected differently` : `${before} becomes ${after}`;
}

function agentsText(agents: readonly InjectedAgent[]): string {
  return agents.map(({ profile, delivery, container }) => `${profile} by ${delivery} in ${container}`).join(', ');
}

export function planLines(planned: readonly Planned[]): readonly string[] {
  const groups = Object.entries(TITLES).flatMap(([verdict, title]) => {
    const group = planned.filter((one) => one.verdict === verdict);
    if (group.length === 0) return [];
    return ['', `${title}: ${group.length}`, ...group.map(line)];
  });
  return [`${planned.length} workloads compared; running pods do not change until they are recreated`, ...groups];
}

function line({ namespace, workload, message, server }: Planned): string {
  return `  ${namespace}: ${workload}: ${message}${server === undefined ? '' : `; dry run: ${server}`}`;
}
