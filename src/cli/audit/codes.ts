import { type AuditKind, auditKinds } from '../../diagnostics/audit-pod.ts';
import type { AuditFinding } from '../../diagnostics/audit.ts';
import { didYouMean, nearest } from '../../lib/suggest.ts';
import { splitList } from '../../lib/text.ts';
import { UsageError } from '../../lib/usage-error.ts';
import { reasonTable } from '../../reasons/reason-table.ts';

/** Kinds of findings and reason codes in a flag, separated by commas. Throws a UsageError for others: a misspelled one would suppress nothing. */
export function codesIn(flag: string, values: readonly string[] = []): ReadonlySet<string> {
  const known: readonly string[] = [...auditKinds, ...Object.keys(reasonTable)];
  const codes = values.flatMap(splitList);
  const problems = codes
    .filter((code) => !known.includes(code))
    .map((code) => `${flag}: "${code}" is neither a kind of finding nor a reason${didYouMean(nearest(code, known))}`);
  if (problems.length > 0) throw new UsageError([...problems, `kinds of findings: ${auditKinds.join(', ')}`]);
  return new Set(codes);
}

export function isOneOf(codes: ReadonlySet<string>, { kind, reason }: AuditFinding): boolean {
  const own: AuditKind = kind;
  return codes.has(own) || (reason !== undefined && codes.has(reason));
}
