import * as z from 'zod';
import { exactlyOne } from './exactly-one.ts';
import { absolutePath } from './scalars.ts';

const MAX_SIGNS = 8;

const text = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^$\r\n]*$/, 'must be one line without "$": signs are not templates, and not regular expressions');

const texts = z.strictObject({
  contains: z
    .union([text, z.array(text).min(1).max(MAX_SIGNS)])
    .describe('A text, or a list of texts that must all be there.'),
});

const one = exactlyOne('log', 'file', 'port', 'library');

/** One thing that shows in a running container. Plain texts only: what is searched comes from containers, so the time must be bounded. */
export const lifeSignSchema = z
  .strictObject({
    log: texts.optional().describe('One line of the log of the container, from its start, contains these texts.'),
    file: absolutePath
      .optional()
      .describe(
        'The container has this file or directory: an absolute path, whose last part may contain the wildcards * and ?.',
      ),
    port: z.int().min(1).max(65_535).optional().describe('A process of the pod listens on this TCP port.'),
    library: texts
      .optional()
      .describe('A process of the container has mapped a file whose path contains these texts (/proc/PID/maps).'),
  })
  .refine(one.check, one.rule)
  .meta(one.jsonSchema);

const signs = z.array(lifeSignSchema).max(MAX_SIGNS);

/** What shows that the agent works. Either signs, or the reason why none is known. */
export const signsOfLifeSchema = z
  .strictObject({
    alive: signs.min(1).optional().describe('Each of them shows that the agent works.'),
    unknown: z
      .string()
      .min(1)
      .max(400)
      .optional()
      .describe('Instead of `alive`: why no sign is known, in one sentence.'),
    failed: signs
      .default([])
      .describe('Each of them shows that the agent does not work. They count more than `alive`.'),
    within: z
      .int()
      .min(1)
      .max(3600)
      .default(120)
      .describe('Seconds from the start of the container after which the agent counts as not alive.'),
  })
  .refine(
    ({ alive, unknown }) => (alive === undefined) !== (unknown === undefined),
    'must have either alive or unknown',
  )
  // The published JSON Schema cannot contain functions.
  .meta({ oneOf: [{ required: ['alive'] }, { required: ['unknown'] }] });

export type LifeSign = z.infer<typeof lifeSignSchema>;

export type SignsOfLife = z.infer<typeof signsOfLifeSchema>;
