import type { Condition } from '../api/profile/condition.ts';

/** What conditions look at. */
export interface ConditionContext {
  readonly values: ReadonlyMap<string, string>;
  readonly readOnlyRootFilesystem: boolean;
  readonly readOnlyFiles: boolean;
}

/** Whether the condition is met; without one, it is. */
export function isMet(condition: Condition | undefined, circumstances: ConditionContext): boolean {
  if (!condition) return true;
  switch (condition.if) {
    case 'parameter': {
      const value = circumstances.values.get(condition.name);
      return condition.is === undefined ? value !== undefined && value !== '' : value === condition.is;
    }
    case 'readOnlyRootFilesystem':
      return circumstances.readOnlyRootFilesystem;
    case 'readOnlyFiles':
      return circumstances.readOnlyFiles;
  }
}
