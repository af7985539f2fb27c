import { formatTable } from '../format.ts';
import { changeLine, type Planned, planOrder } from './text.ts';

type Column = readonly [title: string, text: (planned: Planned) => string];

const NARROW: readonly Column[] = [
  ['NAMESPACE', ({ namespace }) => namespace],
  ['WORKLOAD', ({ workload }) => workload],
  ['VERDICT', ({ verdict }) => verdict],
  ['REASON', ({ reason = '-' }) => reason],
];

const WIDE: readonly Column[] = [
  ...NARROW,
  ['DRY RUN', ({ server = '-' }) => server],
  ['MESSAGE', ({ message }) => message],
  ['CHANGES', ({ changes = [] }) => changes.map(changeLine).join('; ') || '-'],
];

/** A line for each workload, in the order of the text; those that do not change last. */
export function planTable(planned: readonly Planned[], format: 'table' | 'wide'): readonly string[] {
  if (planned.length === 0) return ['no workloads'];
  const columns = format === 'wide' ? WIDE : NARROW;
  const sorted = planOrder.flatMap((verdict) => planned.filter((one) => one.verdict === verdict));
  return formatTable([columns.map(([title]) => title), ...sorted.map((one) => columns.map(([, text]) => text(one)))]);
}
