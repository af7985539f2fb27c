import * as z from 'zod';

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
