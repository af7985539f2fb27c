import * as z from 'zod';
import { exactlyOne } from './exactly-one.ts';

const glob = z.string().min(1);

const names = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);

const variable = z.strictObject({
  name: names.describe('A name, or a list of alternative names. Each may contain the wildcards * and ?.'),
  equals: z.string().optional().describe('The whole value.'),
  contains: z.string().optional().describe('A part of the value.'),
});

const one = exactlyOne('env', 'resultingEnv', 'command', 'image', 'containerName', 'volume', 'mount');

export const matcherSchema = z
  .strictObject({
    env: variable.optional().describe('The container has a variable with one of these names and with that value.'),
    resultingEnv: variable
      .optional()
      .describe(
        'Advisories only. After the injection, the container has a variable with one of these names and with that value.',
      ),
    command: z
      .strictObject({ contains: z.string().min(1).describe('A part of the text.') })
      .optional()
      .describe('Command and args, joined by spaces, contain this text.'),
    image: glob.optional().describe('The image reference matches this glob, which may contain the wildcards * and ?.'),
    containerName: glob
      .optional()
      .describe('The name of the container matches this glob, which may contain the wildcards * and ?.'),
    volume: z.string().min(1).optional().describe('The pod has a volume with this name.'),
    mount: z
      .string()
      .regex(/^\//, 'must be an absolute path')
      .optional()
      .describe('A volume is mounted at this absolute path or below it.'),
  })
  .refine(one.check, one.rule)
  .meta(one.jsonSchema);

/** One of its members says where it looks. */
export type Matcher = z.infer<typeof matcherSchema>;

export type VariableMatcher = z.infer<typeof variable>;
