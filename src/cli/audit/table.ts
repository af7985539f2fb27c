import { auditKindMeanings } from '../../diagnostics/audit-pod.ts';
import type { AuditFinding, AuditReport } from '../../diagnostics/audit.ts';
import { formatTable } from '../format.ts';

type Column = readonly [title: string, text: (finding: AuditFinding) => string];

const NARROW: readonly Column[] = [
  ['NAMESPACE', ({ namespace }) => namespace],
  ['WORKLOAD', ({ workload = '-' }) => workload],
  ['PODS', ({ pods }) => String(pods)],
  ['FINDING', ({ kind }) => kind],
  ['REASON', ({ reason = '-' }) => reason],
];

const WIDE: readonly Column[] = [...NARROW, ['MESSAGE', ({ message }) => message], ['FIX', ({ fix = '-' }) => fix]];

/** A line for each finding, in the order of the text. */
export function auditTable({ findings }: AuditReport, format: 'table' | 'wide'): readonly string[] {
  if (findings.length === 0) return ['no findings'];
  const columns = format === 'wide' ? WIDE : NARROW;
  const sorted = Object.keys(auditKindMeanings).flatMap((kind) => findings.filter((one) => one.kind === kind));
  return formatTable([columns.map(([title]) => title), ...sorted.map((one) => columns.map(([, text]) => text(one)))]);
}
