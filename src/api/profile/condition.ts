import * as z from 'zod';

export const conditionSchema = z.discriminatedUnion('if', [
  z.strictObject({
    if: z.literal('parameter').describe('The parameter has a value, or exactly this value.'),
    name: z.string().describe('Name of the parameter.'),
    is: z.string().optional().describe('The value. Default: any value.'),
  }),
  z.strictObject({
    if: z.literal('readOnlyRootFilesystem').describe('The container cannot write outside its mounts.'),
  }),
  z.strictObject({ if: z.literal('readOnlyFiles').describe("The agent's files are mounted read-only.") }),
]);

export type Condition = z.infer<typeof conditionSchema>;
