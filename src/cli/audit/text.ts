import { type AuditKind, auditKindMeanings } from '../../diagnostics/audit-pod.ts';
import type { AuditFinding, AuditReport } from '../../diagnostics/audit.ts';
import { counted, formatSection } from '../format.ts';

/** The findings by kind and reason, then the commands that fix them. */
export function auditLines({ pods, carrying, undecided, findings, more }: AuditReport): readonly string[] {
  const groups = Object.entries(auditKindMeanings).flatMap(([kind, title]) =>
    kindLines(
      title,
      findings.filter((one) => one.kind === kind),
    ),
  );
  const commands = new Set(findings.flatMap(({ fix }) => (fix === undefined ? [] : [`$ ${fix}`])));
  const uncreated = findings.filter(({ kind }) => kind === 'not-created').length;
  return [
    `${counted(pods, 'pod')} checked, ${carrying} ${carrying === 1 ? 'carries' : 'carry'} an agent, ${counted(findings.length + more, 'finding')}` +
      (uncreated === 0 ? '' : `; ${counted(uncreated, 'workload')} cannot create pods`) +
      (undecided === 0 ? '' : `; of ${counted(undecided, 'pod')}, what the server would decide is not known`),
    ...groups,
    ...(more > 0 ? ['', more === 1 ? '1 more finding is not shown' : `${more} more findings are not shown`] : []),
    ...formatSection('To fix the findings, review and run', [...commands]),
  ];
}

function kindLines(title: string, findings: readonly AuditFinding[]): readonly string[] {
  const reasons = [...new Set(findings.map(({ reason }) => reason))];
  return reasons.flatMap((reason) =>
    formatSection(
      reason === undefined ? title : `${title} (agent-injector reasons ${reason})`,
      findings.filter((one) => one.reason === reason).map(findingLine),
    ),
  );
}

/** Findings that creating the pod again fixes. Without a workload, no command does. */
const BY_CREATION: ReadonlySet<AuditKind> = new Set(['expected-not-injected', 'outdated', 'namespace-off']);

function findingLine({ namespace, workload, pods, message, kind }: AuditFinding): string {
  if (workload === undefined) return message;
  const count = pods === 1 ? ' (1 pod)' : ` (${pods} pods)`;
  const again = workload.startsWith('Pod/') && BY_CREATION.has(kind) ? '; create the pod again' : '';
  return `${namespace}: ${workload}${pods === 0 ? '' : count}: ${message}${again}`;
}
