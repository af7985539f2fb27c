import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The fields of an audit event that tests read. */
export interface AuditEvent {
  readonly verb: string;
  readonly objectRef: { readonly resource: string; readonly namespace?: string; readonly name?: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface AuditLog {
  /** Flags of the API server. */
  readonly flags: readonly string[];
  /** The write requests in a namespace so far, in order. */
  readonly of: (namespace: string) => readonly AuditEvent[];
}

/** Configures an audit log of all write requests in this folder, with their metadata only. */
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
