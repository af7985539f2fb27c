import { ownerOf } from '../kubernetes/owner.ts';
import type { Decision } from '../admission/decision.ts';
import type { Pod } from '../kubernetes/pod.ts';
import { type JsonObject } from '../lib/json.ts';
import { oneLine } from '../lib/text.ts';
import { reasonMessage } from '../reasons/message.ts';

/** What the log line of a decision says besides the decision. */
export interface DecisionLogContext {
  readonly namespace: string;
  readonly dryRun: boolean;
  readonly operations: number;
}

/**
 * The fields of the one log line of a decision, but for the uid and the time it took. Every text from outside is on one line and bounded; no value
 * of a variable is among them.
 */
export function decisionFields(decision: Decision, pod: Pod | undefined, at: DecisionLogContext): JsonObject {
  const injected = decision.containers.filter((container) => container.outcome === 'injected');
  const skipped = decision.containers.filter((container) => container.outcome === 'skipped');
  return {
    namespace: oneLine(at.namespace, 63),
    ...(pod && { pod: podName(pod), ...ownerField(pod) }),
    outcome: decision.outcome,
    ...(decision.outcome !== 'injected' && {
      reason: decision.reason.code,
      message: oneLine(reasonMessage(decision.reason), 300),
    }),
    ...(injected.length > 0 && {
      injected: bounded(
        injected,
        ({ container, profile, delivery }) => `${oneLine(container, 63)}=${profile}/${delivery}`,
      ),
    }),
    ...(decision.outcome === 'injected' &&
      skipped.length > 0 && {
        skipped: bounded(skipped, ({ container, reason }) => `${oneLine(container, 63)}: ${reason.code}`),
      }),
    ...(decision.notices.length > 0 && {
      notices: bounded(decision.notices, (notice) => oneLine(`${notice.code}: ${reasonMessage(notice)}`, 200)),
    }),
    operations: at.operations,
    ...(at.dryRun && { dryRun: true }),
  };
}

/** A pod of a thousand containers does not make a log line of a thousand entries: a line has at most 8 KiB, whatever the review. */
const MAX_LISTED = 20;

const MAX_LIST_LENGTH = 600;

/** The first texts of a list, and how many more there are. */
function bounded<T>(list: readonly T[], text: (one: T) => string): readonly string[] {
  const texts: string[] = [];
  let room = MAX_LIST_LENGTH;
  for (const one of list) {
    const next = text(one);
    room -= next.length;
    if (texts.length === MAX_LISTED || (room < 0 && texts.length > 0))
      return [...texts, `and ${list.length - texts.length} more`];
    texts.push(next);
  }
  return texts;
}

/** A pod that a controller makes has no name yet, only the beginning of one. */
function podName(pod: Pod): string {
  const { name, generateName } = pod.metadata ?? {};
  return oneLine(name ?? (generateName === undefined ? '' : `${generateName}*`), 253);
}

function ownerField(pod: Pod): JsonObject {
  const { kind, name } = ownerOf(pod) ?? {};
  return typeof kind === 'string' && typeof name === 'string' ? { owner: oneLine(`${kind}/${name}`, 300) } : {};
}
