import * as z from 'zod';
import { parseQuantity } from '../../kubernetes/quantity.ts';

/** A mount path in normal form, since the API server and the runtime compare paths. `/` would hide the whole image. */
export const absolutePath = z
  .string()
  .regex(/^(\/(?!\.{1,2}(\/|$))[^/:]+)+$/, 'must be an absolute path without ":", ".", ".." and a trailing slash');

/** A path within a volume, as the API server accepts it (core validation.go validateLocalDescendingPath). */
export const relativePath = z
  .string()
  .regex(/^(?!\/)(?!(.*\/)?\.\.(\/|$)).+$/, 'must not start with / and not contain ..');

export const quantitySchema = z
  .string()
  .refine((text) => (parseQuantity(text) ?? 0) > 0, 'must be a quantity greater than zero, such as 200Mi or 100m');
