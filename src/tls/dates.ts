/**
 * The only file of this room that makes dates. None is ever read from the clock: callers say what time it is, so that a test can stand
 * behind the end of a certificate.
 */

export const HOUR = 3_600_000;
export const DAY: number = 24 * HOUR;

/** The date that a certificate carries, in the text form that OpenSSL gives it: `Nov 20 11:48:00 2026 GMT`. */
export function parseDate(text: string): Date {
  // oxlint-disable-next-line eslint/no-restricted-globals -- made from a text
  return new Date(text);
}

/** The moment that lies so many milliseconds after another; before it, when negative. */
export function shift(at: Date, milliseconds: number): Date {
  // oxlint-disable-next-line eslint/no-restricted-globals -- made from another date
  return new Date(at.getTime() + milliseconds);
}
