import type { SettingSources } from '../settings/resolve.ts';
import { hasEnded, auditPod } from './audit-pod.ts';

/** The figures of an audit, in pods. */
export interface AuditFigures {
  /** That should carry an agent and do not, by their namespace; no namespace has none. */
  readonly expected: ReadonlyMap<string, number>;
  /** For which an agent was asked that they cannot be given. */
  readonly cannot: number;
  /** That carry an agent as its profile was before. */
  readonly outdated: number;
  /** That carry an agent though their namespace is off. */
  readonly off: number;
}

/** Goes through pods like `Audit`, and keeps nothing but numbers, so that it costs a server no memory. */
export class AuditCounts {
  private readonly expected = new Map<string, number>();
  private cannot = 0;
  private outdated = 0;
  private off = 0;

  /** Counts a pod, once for each kind of what is found. One that has ended, or is about to, is passed over. */
  add(sources: SettingSources): void {
    if (hasEnded(sources.pod)) return;
    const kinds = new Set(auditPod(sources, undefined).seen.map(({ kind }) => kind));
    const { name } = sources.namespace;
    if (kinds.has('expected-not-injected')) this.expected.set(name, (this.expected.get(name) ?? 0) + 1);
    this.cannot += Number(kinds.has('cannot-be-injected'));
    this.outdated += Number(kinds.has('outdated'));
    this.off += Number(kinds.has('namespace-off'));
  }

  figures(): AuditFigures {
    const { expected, cannot, outdated, off } = this;
    return { expected, cannot, outdated, off };
  }
}
