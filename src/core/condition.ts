import { z } from 'zod';

/** When a part of a profile counts. */
export const conditionSchema = z.discriminatedUnion('if', [
  z.strictObject({
    if: z.literal('parameter').describe('The parameter has a value, or just this one.'),
    name: z.string().describe('Of the parameter.'),
    is: z.string().optional().describe('The value; default: any.'),
  }),
  z.strictObject({
    if: z.literal('readOnlyRootFilesystem').describe('The container cannot write outside of its mounts.'),
  }),
  z.strictObject({ if: z.literal('readOnlyFiles').describe("The agent's files are mounted read-only.") }),
]);

export type Condition = z.infer<typeof conditionSchema>;

/** What conditions look at. */
export interface Circumstances {
  readonly values: ReadonlyMap<string, string>;
  readonly readOnlyRootFilesystem: boolean;
  readonly readOnlyFiles: boolean;
}

/** Whether the condition is met; without one, it is. */
export function isMet(condition: Condition | undefined, circumstances: Circumstances): boolean {
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
