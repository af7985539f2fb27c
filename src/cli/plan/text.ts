import type { InjectedAgent, DecisionComparison, Verdict } from '../../diagnostics/decision-comparison.ts';
import type { PodChange } from '../../diagnostics/pod-changes.ts';
import { reasonMessage } from '../../reasons/message.ts';
import type { ReasonCode } from '../../reasons/reason.ts';
import { counted, indent } from '../format.ts';

/** A workload in the output. */
export interface Planned {
  readonly namespace: string;
  readonly workload: string;
  readonly verdict: Verdict;
  /** Why it does not get the agent; absent where it gets it. */
  readonly reason?: ReasonCode;
  readonly message: string;
  /** What differs in its pods. */
  readonly changes?: readonly PodChange[];
  /** The API server's answer to a dry run of the changed pod; only with `--server-dry-run`. */
  readonly server?: string;
}

const TITLES: { readonly [verdict in Exclude<Verdict, 'same'>]: string } = {
  refused: 'Pods are refused',
  loses: 'Lose their agent',
  conflict: 'Conflict',
  'pod-security': 'Rejected by Pod Security',
  skipped: 'Stay without an agent',
  gets: 'Get an agent',
  changes: 'Change',
  undecided: 'What the server would decide is not known',
};

/** The verdicts in the order of the output. */
export const planOrder: readonly Verdict[] = [...Object.keys(TITLES), 'same'].filter(isVerdict);

function isVerdict(name: string): name is Verdict {
  return name === 'same' || name in TITLES;
}

export function comparisonText(comparison: DecisionComparison): string {
  if (comparison.verdict === 'undecided')
    return `not known; by what could be read: ${comparisonText(comparison.guess)}`;
  const before = agentsText(comparison.before);
  if (comparison.verdict === 'same') return before === '' ? 'stays without an agent' : `keeps ${before}`;
  if ('reason' in comparison) {
    const why = `${reasonMessage(comparison.reason)} (${comparison.reason.code})`;
    return comparison.before.length > 0 ? `loses ${before}: ${why}` : why;
  }
  const after = agentsText(comparison.after);
  if (comparison.verdict === 'gets') return `gets ${after}`;
  return before === after ? `keeps ${after}, with changes` : `${before} becomes ${after}`;
}

function agentsText(agents: readonly InjectedAgent[]): string {
  return agents.map(({ profile, delivery, container }) => `${profile} by ${delivery} in ${container}`).join(', ');
}

/** What the change changes, by what becomes of the workload; workloads that it leaves alone are counted. */
export function planLines(planned: readonly Planned[]): readonly string[] {
  const groups = Object.entries(TITLES).flatMap(([verdict, title]) => {
    const group = planned.filter((one) => one.verdict === verdict);
    if (group.length === 0) return [];
    return ['', `${title}: ${group.length}`, ...group.flatMap(plannedLines)];
  });
  const countOf = (wanted: Verdict): number => planned.filter(({ verdict }) => verdict === wanted).length;
  const [unchanged, unknown] = [countOf('same'), countOf('undecided')];
  const changed = planned.length - unchanged - unknown;
  const rest = unknown === 0 ? '' : `, of ${unknown} it is not known`;
  const head = `${counted(planned.length, 'workload')} compared, ${changed} change, ${unchanged} do not${rest}`;
  return [groups.length === 0 ? head : `${head}; running pods do not change until they are recreated`, ...groups];
}

function plannedLines({ namespace, workload, message, server, verdict, changes = [] }: Planned): readonly string[] {
  const head = `${namespace}: ${workload}: ${message}${server === undefined ? '' : `; dry run: ${server}`}`;
  // What an agent adds to a pod is the profile: only what a change changes is shown.
  return [head, ...(verdict === 'changes' ? changes.map((one) => indent(changeLine(one))) : [])].map(indent);
}

export function changeLine({ what, before, after }: PodChange): string {
  if (before === undefined) return `+ ${what}: ${after ?? ''}`;
  return after === undefined ? `- ${what}: ${before}` : `~ ${what}: ${before} → ${after}`;
}
