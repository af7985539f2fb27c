import type { Condition } from '../api/profile/condition.ts';

export interface ConditionContext {
  readonly values: ReadonlyMap<string, string>;
  readonly readOnlyRootFilesystem: boolean;
  readonly readOnlyFiles: boolean;
}

/** A missing condition is met. */
export function isMet(condition: Condition | undefined, context: ConditionContext): boolean {
  if (!condition) return true;
  switch (condition.if) {
    case 'parameter': {
      const value = context.values.get(condition.name);
      return condition.is === undefined ? value !== undefined && value !== '' : value === condition.is;
    }
    case 'readOnlyRootFilesystem':
      return context.readOnlyRootFilesystem;
    case 'readOnlyFiles':
      return context.readOnlyFiles;
  }
}
