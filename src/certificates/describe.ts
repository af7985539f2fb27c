import { X509Certificate } from 'node:crypto';

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

/** What a person wants to know of a certificate. */
export interface CertificateDescription {
  readonly subject: string;
  readonly issuer: string;
  readonly names: readonly string[];
  /** ISO 8601. */
  readonly expires: string;
}

/** Of the first certificate in the text, which must be one that can be parsed. */
export function describeCertificate(pem: string): CertificateDescription {
  const { subject, issuer, subjectAltName = '', validTo } = new X509Certificate(pem);
  return {
    subject: oneLine(subject),
    issuer: oneLine(issuer),
    names:
      subjectAltName === '' ? [] : subjectAltName.split(', ').map((name) => name.replace(/^(DNS|IP Address):/, '')),
    expires: parseDate(validTo).toISOString(),
  };
}

/** When the first certificate in the text expires; undefined when it cannot be parsed. */
export function expiryOf(pem: string): Date | undefined {
  try {
    return parseDate(new X509Certificate(pem).validTo);
  } catch {
    return undefined;
  }
}

/** Whole days from one moment to a later one; negative when it is over. */
export function daysBetween(from: Date, to: Date): number {
  return Math.floor((to.getTime() - from.getTime()) / DAY);
}

function oneLine(name: string): string {
  return name.replaceAll('\n', ', ');
}
