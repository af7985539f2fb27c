import * as z from 'zod';

const glob = z.string().min(1).describe('With * and ?.');

const names = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);

/** Something that can be seen of a container: how selectors, conflicts and advisories say what they look for. */
export const matcherSchema = z.discriminatedUnion('in', [
  z.strictObject({
    in: z.literal('environment').describe('A variable of one of these names is there, with that value.'),
    name: names.describe('What is looked for: a name or several, any of which will do.'),
    equals: z.string().optional().describe('The whole value.'),
    contains: z.string().optional().describe('A part of it.'),
  }),
  z.strictObject({
    in: z.literal('command').describe('Command and args, joined by blanks, contain this.'),
    contains: z.string().min(1).describe('A part of it.'),
  }),
  z.strictObject({ in: z.literal('image').describe('A glob over the image reference.'), matches: glob }),
  z.strictObject({ in: z.literal('name').describe("A glob over the container's name."), matches: glob }),
  z.strictObject({
    in: z.literal('volume').describe('The pod has a volume of this name.'),
    name: z.string().min(1).describe('What is looked for.'),
  }),
  z.strictObject({
    in: z.literal('mount').describe('Something is mounted at this path or below it.'),
    path: z.string().regex(/^\//, 'must be an absolute path').describe('An absolute path.'),
  }),
]);

export type Matcher = z.infer<typeof matcherSchema>;
