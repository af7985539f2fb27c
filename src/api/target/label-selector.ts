import * as z from 'zod';

/** At most as long as the API server allows: a prefix of 253 characters, a slash and a name. */
const labelKey = z
  .string()
  .min(1)
  .max(317)
  .regex(/^([a-z0-9]([a-z0-9.-]*[a-z0-9])?\/)?[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?$/, 'is not a valid key of a label');

const labelValue = z
  .string()
  .max(63)
  .regex(/^([A-Za-z0-9]([\w.-]*[A-Za-z0-9])?)?$/, 'is not a valid value of a label');

/** The most labels of a selector, and the most expressions. */
export const MAX_TERMS = 16;

/** A label selector, as in a Deployment. */
export const labelSelectorSchema = z.strictObject({
  matchLabels: z
    .record(labelKey, labelValue)
    .refine((labels) => Object.keys(labels).length <= MAX_TERMS, 'must have at most 16 labels')
    .optional()
    .describe('Labels and their values. All of them must match.'),
  matchExpressions: z
    .array(
      z.strictObject({
        key: labelKey.describe('The label.'),
        operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']).describe('In, NotIn, Exists or DoesNotExist.'),
        values: z.array(labelValue).max(32).optional().describe('Values for In and NotIn.'),
      }),
    )
    .max(MAX_TERMS)
    .optional()
    .describe('Expressions about labels. All of them must match.'),
});

export type LabelSelector = z.infer<typeof labelSelectorSchema>;
