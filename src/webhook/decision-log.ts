import type { Decision } from '../admission/decision.ts';
import { ownerOf } from '../kubernetes/owner.ts';
import type { Pod } from '../kubernetes/pod.ts';
import type { JsonObject } from '../lib/json.ts';
import { oneLine } from '../lib/text.ts';
import { reasonMessage } from '../reasons/message.ts';

export interface DecisionLogContext {
  readonly namespace: string;
  readonly dryRun: boolean;
  readonly operations: number;
}

/**
 * Fields of the log line of a decision, without uid and duration. Text from outside is cut to one line of bounded length. Values of environment
 * variables are never logged.
 */
export function decisionFields(decision: Decision, pod: Pod | undefined, context: DecisionLogContext): JsonObject {
  const injected = decision.containers.filter((container) => container.outcome === 'injected');
  const skipped = decision.containers.filter((container) => container.outcome === 'skipped');
  return {
    namespace: oneLine(context.namespace, 63),
    ...(pod && { pod: podName(pod), ...ownerField(pod) }),
    outcome: decision.outcome,
    ...(decision.pass && { pass: decision.pass }),
    ...(decision.outcome !== 'injected' && {
      reason: decision.reason.code,
      message: oneLine(reasonMessage(decision.reason), 300),
    }),
    ...(injected.length > 0 && {
      injected: boundedList(
        injected,
        ({ container, profile, delivery }) => `${oneLine(container, 63)}=${profile}/${delivery}`,
      ),
    }),
    ...(decision.outcome === 'injected' &&
      skipped.length > 0 && {
        skipped: boundedList(skipped, ({ container, reason }) => `${oneLine(container, 63)}: ${reason.code}`),
      }),
    ...(decision.notices.length > 0 && {
      notices: boundedList(decision.notices, (notice) => oneLine(`${notice.code}: ${reasonMessage(notice)}`, 200)),
    }),
    operations: context.operations,
    ...(context.dryRun && { dryRun: true }),
  };
}

// A line has at most 8 KiB, also for a pod of a thousand containers.
const MAX_LISTED = 20;

const MAX_LIST_LENGTH = 600;

function boundedList<T>(items: readonly T[], text: (item: T) => string): readonly string[] {
  const texts: string[] = [];
  let room = MAX_LIST_LENGTH;
  for (const item of items) {
    const next = text(item);
    room -= next.length;
    if (texts.length === MAX_LISTED || (room < 0 && texts.length > 0))
      return [...texts, `and ${items.length - texts.length} more`];
    texts.push(next);
  }
  return texts;
}

/** A pod that a controller creates has only a prefix of its name at admission. */
function podName(pod: Pod): string {
  const { name, generateName } = pod.metadata ?? {};
  return oneLine(name ?? (generateName === undefined ? '' : `${generateName}*`), 253);
}

function ownerField(pod: Pod): JsonObject {
  const { kind, name } = ownerOf(pod) ?? {};
  return typeof kind === 'string' && typeof name === 'string' ? { owner: oneLine(`${kind}/${name}`, 300) } : {};
}
