import { X509Certificate } from 'node:crypto';
import { DAY, parseDate } from './dates.ts';

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
