import type { Condition } from '../api/profile/condition.ts';

export interface ConditionContext {
  readonly values: ReadonlyMap<string, string>;
  readonly readOnlyRootFilesystem: boolean;
  readonly readOnlyFiles: boolean;
}

/** A missing condition is met. */
export function isMet(condition: Condition | undefined, context: ConditionContext): boolean {
  if (!condition) return true;
  const { parameter } = condition;
  if (condition.readOnlyRootFilesystem) return context.readOnlyRootFilesystem;
  if (condition.readOnlyFiles) return context.readOnlyFiles;
  const value = parameter && context.values.get(parameter.name);
  return parameter?.equals === undefined ? value !== undefined && value !== '' : value === parameter.equals;
}
