import { INJECTION_LABEL } from '../../api/keys.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import type { Logger } from '../../lib/logger.ts';
import { reasonMessage } from '../../reasons/message.ts';
import type { Reason } from '../../reasons/reason.ts';
import { intendedLabel } from '../../settings/misspelled-keys.ts';

/** Beyond it nobody corrects them one by one. */
const MAX_REMEMBERED = 1_000;

/**
 * The namespaces whose label is only almost right: the API server never calls us for their pods, so nobody would tell. Each is logged once, and
 * again when its label changes to another wrong one.
 */
export class MisspelledLabelLog {
  private readonly logger: Logger;
  private readonly known = new Map<string, string>();

  constructor(logger: Logger) {
    this.logger = logger;
  }

  check(namespace: Namespace): void {
    const suggestion = intendedLabel(namespace);
    const { name, labels } = namespace;
    if (suggestion === undefined) {
      this.known.delete(name);
      return;
    }
    const label = labels[INJECTION_LABEL];
    const seen = `${label ?? ''} ${suggestion}`;
    if (this.known.get(name) === seen || (this.known.size >= MAX_REMEMBERED && !this.known.has(name))) return;
    this.known.set(name, seen);
    const reason: Reason = { code: 'namespace-not-enabled', namespace: name, label, suggestion };
    this.logger.warn({ namespace: name, reason: reason.code }, `pods are not injected: ${reasonMessage(reason)}`);
  }

  /** How many there are; those that are gone are forgotten. */
  count(exists: (name: string) => boolean): number {
    for (const name of this.known.keys()) if (!exists(name)) this.known.delete(name);
    return this.known.size;
  }
}
