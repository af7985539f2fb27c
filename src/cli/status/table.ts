import type { Breaker } from '../../api/breaker.ts';
import { AGENT_STATES } from '../../api/agent-state.ts';
import type { WorkloadStatus } from '../../diagnostics/workload-status.ts';
import { formatTable } from '../format.ts';

/** Columns of a terminal that most people have; `-o wide` has no limit. */
const MAX_COLUMNS = 100;

interface Column {
  readonly title: string;
  readonly text: (status: WorkloadStatus) => string;
  /** The most that the narrow table shows. */
  readonly width: number;
}

/** What could not be read. */
const UNKNOWN = '?';

const namespace: Column = { title: 'NAMESPACE', text: (one) => one.namespace, width: 14 };

const columns: readonly Column[] = [
  { title: 'WORKLOAD', text: (one) => one.workload, width: 22 },
  { title: 'AGENT', text: ({ injected, pods }) => `${injected}/${pods}`, width: 7 },
  { title: 'OUTDATED', text: ({ outdated }) => String(outdated), width: 8 },
  { title: 'STATE', text: statesText, width: 14 },
];

const narrow: readonly Column[] = [
  ...columns,
  { title: 'BREAKER', text: ({ breakers }) => (breakers ? (breakers[0]?.phase ?? '') : UNKNOWN), width: 9 },
  { title: 'PROFILE', text: ({ profiles }) => profiles.map(withoutHash).join(), width: 14 },
  { title: 'WHY NOT', text: ({ whyNot }) => whyNot.map(({ code }) => code).join(), width: 14 },
];

const wide: readonly Column[] = [
  namespace,
  ...columns,
  { title: 'BREAKER', text: ({ breakers }) => breakers?.map(breakerText).join() ?? UNKNOWN, width: 0 },
  { title: 'PROFILE', text: ({ profiles }) => profiles.join(), width: 0 },
  { title: 'DELIVERY', text: ({ deliveries }) => deliveries.join(), width: 0 },
  {
    title: 'WHY NOT',
    text: ({ whyNot }) => whyNot.map(({ code, pods, from }) => `${code}(${pods},${from})`).join(),
    width: 0,
  },
  { title: 'NEXT STEP', text: ({ fix }) => fix ?? '', width: 0 },
];

/** The table: at most 100 columns, or as wide as it needs. The narrow one has the namespace only if it is of all namespaces. */
export function statusTable(
  all: readonly WorkloadStatus[],
  format: 'narrow' | 'wide',
  allNamespaces = false,
): readonly string[] {
  if (all.length === 0) return ['no pods in namespaces that are opted in, and none with an agent'];
  if (format === 'wide')
    return formatTable([wide.map(({ title }) => title), ...all.map((one) => wide.map(({ text }) => text(one)))]);
  const shown = allNamespaces ? [namespace, ...narrow.map(narrower)] : narrow;
  const rows = all.map((one) =>
    shown.map(({ text, width }, index) => cut(text(one), index === shown.length - 1 ? MAX_COLUMNS : width)),
  );
  // The last column, which has the reasons, takes what the others leave.
  return formatTable([shown.map(({ title }) => title), ...rows]).map((line) => cut(line, MAX_COLUMNS));
}

/** Where the namespace takes a column, too. */
const NARROWER: Readonly<Record<string, number>> = { WORKLOAD: 16, STATE: 11, PROFILE: 11, 'WHY NOT': 10 };

function narrower(column: Column): Column {
  return { ...column, width: NARROWER[column.title] ?? column.width };
}

function statesText({ states }: WorkloadStatus): string {
  return AGENT_STATES.flatMap((state) => {
    const count = states[state];
    return count === undefined ? [] : [`${state}(${count})`];
  }).join();
}

function breakerText({ phase, stops, workload }: Breaker): string {
  return `${phase}(${workload === '' ? 'profile,' : ''}${stops ? 'stopped' : 'reported'})`;
}

function withoutHash(profile: string): string {
  return profile.split('@', 1)[0] ?? profile;
}

function cut(text: string, width: number): string {
  const shown = text === '' ? '-' : text;
  return shown.length <= width ? shown : `${shown.slice(0, width - 1)}…`;
}
