import { INJECTION_LABEL } from '../../api/keys.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import type { Logger } from '../../lib/logger.ts';
import { reasonMessage } from '../../reasons/message.ts';
import type { Reason } from '../../reasons/reason.ts';
import { intendedLabel } from '../../settings/misspelled-keys.ts';

/** Bound of memory and log lines: more are not corrected one by one. */
const MAX_NAMESPACES = 1_000;

/**
 * Logs namespaces whose injection label is misspelled: the API server never calls the webhook for their pods, so no decision would show it. Each
 * is logged once, and again when its label changes to another misspelling.
 */
export class MisspelledLabelLog {
  readonly #logger: Logger;
  readonly #logged = new Map<string, string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  check(namespace: Namespace): void {
    const suggestion = intendedLabel(namespace);
    const { name, labels } = namespace;
    if (suggestion === undefined) {
      this.#logged.delete(name);
      return;
    }
    const label = labels[INJECTION_LABEL];
    const misspelling = `${label ?? ''} ${suggestion}`;
    if (this.#logged.get(name) === misspelling || (this.#logged.size >= MAX_NAMESPACES && !this.#logged.has(name)))
      return;
    this.#logged.set(name, misspelling);
    const reason: Reason = { code: 'namespace-not-enabled', namespace: name, label, suggestion };
    this.#logger.warn({ namespace: name, reason: reason.code }, `pods are not injected: ${reasonMessage(reason)}`);
  }

  /** Counts the namespaces with a misspelled label and drops those that no longer exist. */
  count(exists: (name: string) => boolean): number {
    for (const name of this.#logged.keys()) if (!exists(name)) this.#logged.delete(name);
    return this.#logged.size;
  }
}
