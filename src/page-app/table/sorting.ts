import type { WorkloadRow } from '../../page/wire.ts';
import { AGENT_STATES } from '../../api/agent-state.ts';

export const COLUMNS = ['namespace', 'workload', 'profile', 'agents', 'state', 'outdated', 'why'] as const;

export type Column = (typeof COLUMNS)[number];

export interface Sort {
  readonly column: Column;
  readonly descending: boolean;
}

/** What is wrong comes first where nothing else is asked for. */
export const STANDARD_SORT: Sort = { column: 'state', descending: false };

/** `-agents` is descending. */
export function parseSort(text: string): Sort {
  const column = COLUMNS.find((one) => one === text.replace(/^-/, ''));
  return column ? { column, descending: text.startsWith('-') } : STANDARD_SORT;
}

export function sortText({ column, descending }: Sort): string {
  if (column === STANDARD_SORT.column && descending === STANDARD_SORT.descending) return '';
  return `${descending ? '-' : ''}${column}`;
}

/** What a click on the head of a column asks for. */
export function sortAfterClick(sort: Sort, column: Column): Sort {
  return { column, descending: sort.column === column && !sort.descending };
}

/** The worst thing about a workload, as a number: the smaller, the worse. */
export function severityOf(row: WorkloadRow): number {
  const worst = AGENT_STATES.findIndex((state) => (row.states[state] ?? 0) > 0);
  if (row.breakers?.some(({ phase }) => phase !== 'cleared')) return 0;
  if (worst >= 0 && worst < AGENT_STATES.indexOf('starting')) return 1 + worst;
  if (row.missing > 0 || row.asked > row.injected) return 20;
  if (row.outdated > 0) return 21;
  if (row.leftover + row.stopped > 0) return 22;
  return worst < 0 ? 40 : 23 + worst;
}

const keys: { readonly [column in Column]: (row: WorkloadRow) => number | string } = {
  namespace: ({ namespace }) => namespace,
  workload: ({ workload }) => workload.slice(workload.indexOf('/') + 1),
  profile: ({ profiles }) => profiles.join(' '),
  agents: ({ asked, injected }) => (asked === 0 ? 2 : injected / asked),
  state: severityOf,
  outdated: ({ outdated }) => -outdated,
  why: ({ whyNot }) => whyNot.map(({ code }) => code).join(' ') || '\u{10FFFF}',
};

export function sortWorkloads(rows: readonly WorkloadRow[], { column, descending }: Sort): readonly WorkloadRow[] {
  const key = keys[column];
  const direction = descending ? -1 : 1;
  return rows
    .map((row, index) => ({ row, index, key: key(row) }))
    .toSorted((one, other) => direction * compare(one.key, other.key) || one.index - other.index)
    .map(({ row }) => row);
}

function compare(one: number | string, other: number | string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
