import * as z from 'zod';
import { parseQuantity } from './quantity.ts';

/** A quantity of something that there must be some of. */
export const quantitySchema = z
  .string()
  .refine((text) => (parseQuantity(text) ?? 0) > 0, 'must be a quantity, such as 200Mi or 100m');
