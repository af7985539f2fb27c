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

const namespace: Column = { title: 'NAMESPACE', text: (one) => one.namespace, width: 16 };

const columns: readonly Column[] = [
  { title: 'WORKLOAD', text: (one) => one.workload, width: 24 },
  { title: 'AGENT', text: ({ injected, pods }) => `${injected}/${pods}`, width: 7 },
  { title: 'OUTDATED', text: ({ outdated }) => String(outdated), width: 8 },
  { title: 'FAILING', text: ({ troubles }) => troubles.join(), width: 14 },
];

const narrow: readonly Column[] = [
  ...columns,
  { title: 'PROFILE', text: ({ profiles }) => profiles.map(withoutHash).join(), width: 16 },
  { title: 'WHY NOT', text: ({ whyNot }) => whyNot.map(({ code }) => code).join(), width: 18 },
];

const wide: readonly Column[] = [
  namespace,
  ...columns,
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
  if (all.length === 0) return ['no pods that have or should have an agent'];
  if (format === 'wide')
    return formatTable([wide.map(({ title }) => title), ...all.map((one) => wide.map(({ text }) => text(one)))]);
  const shown = allNamespaces ? [namespace, ...narrow.map(narrower)] : narrow;
  const rows = all.map((one) => shown.map(({ text, width }) => cut(text(one), width)));
  return formatTable([shown.map(({ title }) => title), ...rows]).map((line) => cut(line, MAX_COLUMNS));
}

/** Where the namespace takes a column, too. */
function narrower(column: Column): Column {
  return column.title === 'WORKLOAD' || column.title === 'WHY NOT' ? { ...column, width: column.width - 8 } : column;
}

function withoutHash(profile: string): string {
  return profile.split('@', 1)[0] ?? profile;
}

function cut(text: string, width: number): string {
  const shown = text === '' ? '-' : text;
  return shown.length <= width ? shown : `${shown.slice(0, width - 1)}…`;
}
