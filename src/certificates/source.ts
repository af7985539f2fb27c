import { findFault, isTrusted, type ServerCertificate } from './server-certificate.ts';

export interface ServerTls {
  readonly cert: string;
  readonly key: string;
  /** Authorities (PEM) of client certificates; if set, callers must present a certificate issued by one of them. */
  readonly clientCa?: string | undefined;
}

/** The caBundle (PEM) of each webhook entry as the API server has it; undefined if no webhook configuration is maintained, or it has not been read yet. */
export type PublishedBundles = readonly string[] | undefined;

export interface SourceState {
  /** Valid at that time, with the authorities that callers should trust; undefined if there is none. */
  readonly certificate: ServerCertificate | undefined;
  /** The reason for having no certificate, or no better one: a sentence without its full stop. */
  readonly problem: string | undefined;
  /** A log message for each change. */
  readonly changes: readonly string[];
  /** Trusted authorities (PEM) that no replica made, as far as this one knows. */
  readonly foreign: readonly string[];
  readonly recheckAfterMs: number;
}

export interface CertificateSource {
  /** Checks the stored certificate, and repairs or renews it where possible. Never rejects; the last valid certificate stays available. */
  readonly reconcile: (at: Date, published: PublishedBundles) => Promise<SourceState>;
  /**
   * True if every replica gets the same authorities, so that others may be removed from caBundle. A mounted Secret reaches one replica up to a
   * minute before the next: there, each replica adds what it needs and removes nothing, or they would undo each other's writes.
   */
  readonly isShared: boolean;
  /** Time between the publication of an authority and the first use of a certificate that it issued, in ms. */
  readonly propagationMs: number;
}

/** Several API servers share one store, but learn of a new caBundle one after the other. */
export const PROPAGATION_MS = 10_000;

/** Longest time between two checks of a source, in ms; a damaged Secret is repaired within three checks. */
export const CHECK_INTERVAL_MS = 3_000;

/**
 * Selects the certificate to serve: the offered one, unless an API server would reject it but accepts the current one. Connections that are kept
 * alive hide a certificate that was served before its authority was published; a new connection fails (x509: certificate signed by unknown
 * authority). `published` is every caBundle that some API server may use at this time.
 */
export function selectCertificate(
  current: ServerCertificate | undefined,
  offered: ServerCertificate,
  published: PublishedBundles,
  at: Date,
): ServerCertificate {
  if (!current || findFault({ cert: current.cert, key: current.key }, at)) return offered;
  if (!published || published.every((bundle) => isTrusted(offered.cert, bundle, at))) return offered;
  return current;
}
