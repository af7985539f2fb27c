import { X509Certificate } from 'node:crypto';
import { oneLine } from '../lib/text.ts';

// In certificates/ the time is an argument, so that tests can choose it: dates are made here, and the clock is read in wall-clock.ts only.

export const HOUR = 3_600_000;

export const DAY: number = 24 * HOUR;

/** Parses a date as OpenSSL prints it: `Nov 20 11:48:00 2026 GMT`. */
export function parseDate(text: string): Date {
  // oxlint-disable-next-line eslint/no-restricted-globals -- made from text
  return new Date(text);
}

export function shift(at: Date, milliseconds: number): Date {
  // oxlint-disable-next-line eslint/no-restricted-globals -- made from another date
  return new Date(at.getTime() + milliseconds);
}

export interface CertificateDescription {
  readonly subject: string;
  readonly issuer: string;
  readonly names: readonly string[];
  readonly expires: string;
}

export function describeCertificate(pem: string): CertificateDescription {
  const { subject, issuer, subjectAltName = '', validTo } = new X509Certificate(pem);
  return {
    subject: distinguishedName(subject),
    issuer: distinguishedName(issuer),
    names:
      subjectAltName === '' ? [] : subjectAltName.split(', ').map((name) => name.replace(/^(DNS|IP Address):/, '')),
    expires: parseDate(validTo).toISOString(),
  };
}

/** Subject and fingerprint, as `openssl x509 -fingerprint -sha256` prints it. */
export function identify(pem: string): string {
  const { subject, fingerprint256 } = new X509Certificate(pem);
  return `${oneLine(distinguishedName(subject), 100)} (SHA-256 ${fingerprint256})`;
}

export function expiryOf(pem: string): Date | undefined {
  try {
    return parseDate(new X509Certificate(pem).validTo);
  } catch {
    return undefined;
  }
}

/** In days; 0 for what is no certificate. */
export function lifetimeOf(pem: string): number {
  try {
    const { validFrom, validTo } = new X509Certificate(pem);
    return daysBetween(parseDate(validFrom), parseDate(validTo));
  } catch {
    return 0;
  }
}

export function daysBetween(from: Date, to: Date): number {
  return Math.floor((to.getTime() - from.getTime()) / DAY);
}

function distinguishedName(name: string): string {
  return name.replaceAll('\n', ', ');
}
