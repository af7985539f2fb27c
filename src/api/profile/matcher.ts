import * as z from 'zod';

const glob = z.string().min(1).describe('May contain the wildcards * and ?.');

const names = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);

export const matcherSchema = z.discriminatedUnion('in', [
  z.strictObject({
    in: z.literal('environment').describe('The container has a variable with one of these names and with that value.'),
    name: names.describe('A name, or a list of alternative names. Each may contain the wildcards * and ?.'),
    equals: z.string().optional().describe('The whole value.'),
    contains: z.string().optional().describe('A part of the text.'),
  }),
  z.strictObject({
    in: z
      .literal('result')
      .describe(
        'Advisories only. After the injection, the container has a variable with one of these names and with that value.',
      ),
    name: names.describe('A name, or a list of alternative names. Each may contain the wildcards * and ?.'),
    equals: z.string().optional().describe('The whole value.'),
    contains: z.string().optional().describe('A part of the text.'),
  }),
  z.strictObject({
    in: z.literal('command').describe('Command and args, joined by spaces, contain this text.'),
    contains: z.string().min(1).describe('A part of the text.'),
  }),
  z.strictObject({ in: z.literal('image').describe('The image reference matches this glob.'), matches: glob }),
  z.strictObject({ in: z.literal('name').describe('The name of the container matches this glob.'), matches: glob }),
  z.strictObject({
    in: z.literal('volume').describe('The pod has a volume with this name.'),
    name: z.string().min(1).describe('Name of the volume.'),
  }),
  z.strictObject({
    in: z.literal('mount').describe('A volume is mounted at this path or below it.'),
    path: z.string().regex(/^\//, 'must be an absolute path').describe('An absolute path.'),
  }),
]);

export type Matcher = z.infer<typeof matcherSchema>;
