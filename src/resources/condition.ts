import { type JsonObject, objectsIn, textIn } from '../lib/json.ts';
import { type ConditionReason, type ConditionStatus, conditionTable, type ConditionType } from './condition-table.ts';

/** As in metav1. */
export interface Condition extends JsonObject {
  readonly type: ConditionType;
  readonly status: ConditionStatus;
  readonly observedGeneration: number;
  readonly lastTransitionTime: string;
  readonly reason: ConditionReason;
  readonly message: string;
}

/** Which condition, and whether it is true, follows from the reason. */
export interface Finding {
  readonly reason: ConditionReason;
  readonly message: string;
}

/** The API server refuses a longer one. People read the start. */
const MAX_MESSAGE = 1000;

/** The conditions of the findings. The time of one changes only with its status: else each pass would be a write. */
export function conditionsOf(
  previous: JsonObject,
  findings: readonly Finding[],
  { generation, now }: { readonly generation: number; readonly now: string },
): readonly Condition[] {
  return findings.map(({ reason, message }) => {
    const { type, status } = conditionTable[reason];
    const before = objectsIn(previous, 'conditions').find((one) => one['type'] === type);
    const since = before?.['status'] === status ? textIn(before, 'lastTransitionTime') : '';
    return {
      type,
      status,
      observedGeneration: generation,
      lastTransitionTime: since === '' ? now : since,
      reason,
      message: message.length > MAX_MESSAGE ? `${cut(message)}…` : message,
    };
  });
}

/** Not within a character: the API server would put another one in place of its half, and each pass would be a write. */
function cut(message: string): string {
  return message.slice(0, MAX_MESSAGE - 1).replace(/[\uD800-\uDBFF]$/u, '');
}
