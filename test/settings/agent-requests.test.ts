import { expect, it } from 'vitest';
import * as z from 'zod';
import requests from '../../src/agents/tables/requests.yaml';

const texts = z.array(z.string());
const row = z.strictObject({
  vendor: z.string(),
  slots: texts.min(1),
  annotation: z.string(),
  from: z.array(z.enum(['pod', 'namespace'])).optional(),
  is: texts.optional(),
  not: texts.optional(),
  unless: z.strictObject({ label: z.string(), is: z.string() }).optional(),
  containers: z.enum(['all', 'first']).optional(),
  named: texts.optional(),
  each: z.string().includes('{container}').optional(),
});

it('each row of the table has the type that the code relies on', () => {
  expect(z.array(row).safeParse(requests).error).toBeUndefined();
});
