import * as z from 'zod';
import injectors from '../agents/tables/injectors.yaml';
import type { KnownInjector } from '../diagnostics/other-webhooks.ts';

/** Other products that change pods as they are created. */
export const knownInjectors: readonly KnownInjector[] = z
  .array(z.strictObject({ name: z.string().min(3), product: z.string(), collides: z.boolean() }))
  .parse(injectors);
