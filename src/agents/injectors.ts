import * as z from 'zod';
import type { KnownInjector } from '../core/neighbour-injectors.ts';
import injectors from './tables/injectors.yaml';

/** Other products that change pods as they are created. */
export const knownInjectors: readonly KnownInjector[] = z
  .array(z.strictObject({ name: z.string().min(3), product: z.string(), collides: z.boolean() }))
  .parse(injectors);
