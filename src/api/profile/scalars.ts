import * as z from 'zod';
import { parseQuantity } from '../../kubernetes/quantity.ts';

/** A path where files can be mounted, in its one spelling: the API server and the runtime compare places, and `/` would hide everything. */
export const absolutePath = z
  .string()
  .regex(/^(\/(?!\.{1,2}(\/|$))[^/:]+)+$/, 'must be an absolute path, without ":", ".", ".." and a slash at its end');

/** A part of a volume, as the API server takes it (core validation.go validateLocalDescendingPath). */
export const relativePath = z
  .string()
  .regex(/^(?!\/)(?!(.*\/)?\.\.(\/|$)).+$/, 'must not begin with / and not have .. in it');

/** A quantity of something that there must be some of. */
export const quantitySchema = z
  .string()
  .refine((text) => (parseQuantity(text) ?? 0) > 0, 'must be a quantity, such as 200Mi or 100m');
