import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the audit log says of a request, as far as tests read it. */
export interface AuditEvent {
  readonly verb: string;
  readonly objectRef: { readonly resource: string; readonly namespace?: string; readonly name?: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface AuditLog {
  /** For the API server. */
  readonly flags: readonly string[];
  /** What was written in a namespace so far, in order. */
  readonly of: (namespace: string) => readonly AuditEvent[];
}

/** An audit log of whatever is written, metadata only, in this folder. */
export function auditLogIn(dir: string): AuditLog {
  const policy = join(dir, 'audit-policy.json');
  const log = join(dir, 'audit.log');
  const rules = [{ level: 'Metadata', verbs: ['create', 'update', 'patch'] }, { level: 'None' }];
  writeFileSync(
    policy,
    JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'], rules }),
  );
  return {
    flags: [`--audit-policy-file=${policy}`, `--audit-log-path=${log}`],
    of: (namespace) =>
      readFileSync(log, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as AuditEvent)
        .filter(({ objectRef }) => objectRef?.namespace === namespace),
  };
}
