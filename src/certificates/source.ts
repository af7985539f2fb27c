import { findFault, isTrusted, type ServerCertificate } from './server-certificate.ts';

/** What the server shows, and whom it believes. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
  /** The authorities of callers, PEM: with them, only a caller with a certificate of theirs gets in. */
  readonly clientCa?: string | undefined;
}

/** The caBundle of each webhook entry as the API server has it, PEM; undefined where none is registered, or it is not known yet. */
export type Published = readonly string[] | undefined;

/** What a source has to give at a moment. */
export interface Offer {
  /** Sound at that moment, with the authorities that callers should trust; undefined while there is none. */
  readonly certificate: ServerCertificate | undefined;
  /** What keeps the source from giving something better: a sentence without its full stop. */
  readonly problem: string | undefined;
  /** What has been done, one sentence each, for the log. */
  readonly news: readonly string[];
  /** When to look again at the latest, in milliseconds. */
  readonly againInMs: number;
}

/** Where the server's certificate comes from. */
export interface CertificateSource {
  /** Looks at what there is, and mends and renews it where it can. Never rejects. What was offered before stays good if now is no better. */
  readonly evaluate: (at: Date, published: Published) => Promise<Offer>;
  /**
   * Whether every replica is offered the same authorities, so that others may be taken out of caBundle. A mounted Secret reaches one replica a
   * minute before the next: there each replica adds what it needs and removes nothing, or they would fight.
   */
  readonly isShared: boolean;
  /** For how long an authority has to have been published before something is served by it, in milliseconds. */
  readonly settleMs: number;
}

/** Several API servers read a caBundle back from one store, but hear of it one after the other. */
export const SETTLE_MS = 10_000;

/** How long a source may go without being looked at, in milliseconds: a Secret is healed within three looks. */
export const CHECK_INTERVAL_MS = 3_000;

/**
 * Which of two certificates to serve: the one offered, unless the API server would refuse it and takes the one in service. Keep-alive hides a
 * leaf that came before its authority; a fresh connection does not (x509: certificate signed by unknown authority). `published` is every caBundle
 * by which some API server may go at this moment.
 */
export function choose(
  current: ServerCertificate | undefined,
  offered: ServerCertificate,
  published: Published,
  at: Date,
): ServerCertificate {
  if (!current || findFault({ cert: current.cert, key: current.key }, at)) return offered;
  if (!published || published.every((bundle) => isTrusted(offered.cert, bundle, at))) return offered;
  return current;
}
