import * as z from 'zod';
import { parseQuantity } from '../../kubernetes/quantity.ts';

/** The form of names that become part of annotation keys, and of codes. */
export const dashedWords = z
  .string()
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'must be words of a-z and 0-9 joined by dashes');

/** A part of a path that is neither "." nor "..", without lookaheads: the API server's regular expressions have none. */
const PART = String.raw`([^/:.][^/:]*|\.[^/:.][^/:]*|\.\.[^/:]+)`;

/** A mount path in normal form, since the API server and the runtime compare paths. `/` would hide the whole image. */
export const absolutePath = z
  .string()
  .regex(new RegExp(`^(/${PART})+$`), 'must be an absolute path without ":", ".", ".." and a trailing slash');

/** Not "..", and without a line break. */
const RELATIVE_PART = String.raw`([^/.\r\n][^/\r\n]*|\.[^/.\r\n][^/\r\n]*|\.\.[^/\r\n]+|\.)`;

/** A path within a volume, as the API server accepts it (core validation.go validateLocalDescendingPath). */
export const relativePath = z
  .string()
  .regex(new RegExp(`^${RELATIVE_PART}(/+${RELATIVE_PART})*/*$`), 'must not start with / and not contain ..');

export const quantitySchema = z
  .string()
  .refine((text) => (parseQuantity(text) ?? 0) > 0, 'must be a quantity greater than zero, such as 200Mi or 100m');
