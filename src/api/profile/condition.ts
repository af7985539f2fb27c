import * as z from 'zod';
import { exactlyOne } from './exactly-one.ts';

const one = exactlyOne('parameter', 'readOnlyRootFilesystem', 'readOnlyFiles');

const yes = z.literal(true, 'must be true: a condition cannot be negated');

export const conditionSchema = z
  .strictObject({
    parameter: z
      .strictObject({
        name: z.string().describe('Name of the parameter.'),
        equals: z.string().optional().describe('The value. Default: any value.'),
      })
      .optional()
      .describe('The parameter has a value, or exactly this value.'),
    readOnlyRootFilesystem: yes.optional().describe('The container cannot write outside its mounts.'),
    readOnlyFiles: yes.optional().describe("The agent's files are mounted read-only."),
  })
  .refine(one.check, one.rule)
  .meta(one.jsonSchema);

export type Condition = z.infer<typeof conditionSchema>;
