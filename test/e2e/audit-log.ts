import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The fields of an audit event that tests read. */
export interface AuditEvent {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef: { readonly resource: string; readonly namespace?: string; readonly name?: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface AuditLog {
  /** Flags of the API server. */
  readonly flags: readonly string[];
  /** The requests in a namespace so far that create or change something, in order. */
  readonly of: (namespace: string) => readonly AuditEvent[];
  /** The requests of a user so far that create, change or delete something, in order. */
  readonly by: (user: string) => readonly AuditEvent[];
}

/** Configures an audit log of all write requests in this folder, with their metadata only. */
export function auditLogIn(dir: string): AuditLog {
  const policy = join(dir, 'audit-policy.json');
  const log = join(dir, 'audit.log');
  const rules = [
    { level: 'Metadata', verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'] },
    { level: 'None' },
  ];
  writeFileSync(
    policy,
    JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'], rules }),
  );
  const events = (): readonly AuditEvent[] =>
    readFileSync(log, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as AuditEvent);
  return {
    flags: [`--audit-policy-file=${policy}`, `--audit-log-path=${log}`],
    of: (namespace) =>
      events().filter(({ verb, objectRef }) => objectRef?.namespace === namespace && !verb.startsWith('delete')),
    by: (user) => events().filter((event) => event.user.username === user),
  };
}
