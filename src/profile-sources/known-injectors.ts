import * as z from 'zod';
import injectors from '../agents/tables/injectors.yaml';
import type { KnownInjector } from '../diagnostics/other-webhooks.ts';

export const knownInjectors: readonly KnownInjector[] = z
  .array(z.strictObject({ name: z.string().min(3), product: z.string(), collides: z.boolean() }))
  .parse(injectors);
