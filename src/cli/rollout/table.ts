import type { PlannedWorkload } from '../../diagnostics/rollout/plan.ts';
import { formatSection, formatTable } from '../format.ts';

/** Columns of a terminal that most people have. */
const MAX_COLUMNS = 100;

interface Column {
  readonly title: string;
  readonly text: (workload: PlannedWorkload) => string;
  readonly width: number;
}

const columns: readonly Column[] = [
  { title: 'NAMESPACE', text: ({ namespace }) => namespace, width: 16 },
  { title: 'WORKLOAD', text: ({ workload }) => workload, width: 26 },
  { title: 'PODS', text: ({ pods, replicas }) => `${pods}/${replicas}`, width: 7 },
  { title: 'REASON', text: gapsText, width: 18 },
  { title: 'STRATEGY', text: ({ strategy }) => strategy, width: 13 },
  { title: 'MAY EVICT', text: budgetsText, width: 9 },
];

function gapsText({ gaps }: PlannedWorkload): string {
  return Object.entries(gaps)
    .map(([gap, pods]) => `${gap}(${pods})`)
    .join();
}

/** Pods that may be evicted now, by the strictest PodDisruptionBudget. */
function budgetsText({ budgets }: PlannedWorkload): string {
  return budgets.length === 0 ? '' : String(Math.min(...budgets.map(({ allowed }) => allowed)));
}

/** In place of the table where what new pods would get could not be told. */
export const UNDECIDED =
  'what new pods would get is not known, so whether running pods are to be replaced is not known either';

/** The workloads as a table of at most 100 columns, what to know about some of them, and those that are left out. */
export function planLines(all: readonly PlannedWorkload[]): readonly string[] {
  const [blocked, fit] = [all.filter(isBlocked), all.filter((one) => !isBlocked(one))];
  if (all.length === 0)
    return ['every pod has the agent that a new one would get, in its version; values of settings are not compared'];
  const rows = fit.map((one) => columns.map(({ text, width }) => cut(text(one), width)));
  return [
    ...(fit.length === 0 ? [] : formatTable([columns.map(({ title }) => title), ...rows])),
    ...section(
      'Warnings',
      fit.flatMap((one) => one.warnings.map((warning) => noted(one, warning))),
    ),
    ...section(
      'Left out',
      blocked.map((one) => noted(one, one.blocked ?? '')),
    ),
  ];
}

function isBlocked({ blocked }: PlannedWorkload): boolean {
  return blocked !== undefined;
}

function noted({ namespace, workload }: PlannedWorkload, text: string): string {
  return `${namespace}/${workload}: ${text}`;
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return formatSection(title, lines).map((line) => (line === '' ? line : cut(line, MAX_COLUMNS)));
}

function cut(text: string, width: number): string {
  const shown = text === '' ? '-' : text;
  return shown.length <= width ? shown : `${shown.slice(0, width - 1)}…`;
}
