import { X509Certificate } from 'node:crypto';
import { type AuthorityState, isSignedBy } from './authority-state.ts';

/**
 * The authorities that this replica has seen, and which of them no replica made. A replica announces each new authority next to the one in use,
 * before it signs anything; whatever comes into the Secret in another way is foreign.
 *
 * A reader of the Secret has the authority's key and can announce like a replica. The result lives no longer than any authority here, and is
 * visible in the log and in the metric of renewals.
 */
export class KnownAuthorities {
  /** Foreign or not, by fingerprint. */
  #seen: ReadonlyMap<string, boolean> = new Map();

  /** Those that were there first, or that this replica made. */
  accept(authorities: readonly string[]): void {
    this.#add(authorities, false);
  }

  /** Compares what another process stored with what was seen before. Returns true if it announces a new authority as replicas do. */
  compare(state: AuthorityState): boolean {
    const { leaf, next, trusted } = state;
    const unseen = trusted.filter((cert) => !this.#seen.has(fingerprint(cert)));
    const isAnnouncement =
      next !== undefined && unseen.length === 1 && unseen[0] === next.cert && !isSignedBy(leaf.cert, next);
    // What is foreign and gone is as new if it comes back: a writer that stores another one every second fills no memory.
    const stored = new Set(trusted.map(fingerprint));
    this.#seen = new Map([...this.#seen].filter(([key, isForeign]) => !isForeign || stored.has(key)));
    this.#add(unseen, !isAnnouncement);
    return isAnnouncement;
  }

  isForeign(cert: string): boolean {
    return this.#seen.get(fingerprint(cert)) ?? false;
  }

  /** Forgets all but these, so that what comes back counts as new. */
  retain(authorities: readonly string[]): void {
    const kept = new Set(authorities.map(fingerprint));
    this.#seen = new Map([...this.#seen].filter(([key]) => kept.has(key)));
  }

  #add(authorities: readonly string[], isForeign: boolean): void {
    this.#seen = new Map([...this.#seen, ...authorities.map((cert) => [fingerprint(cert), isForeign] as const)]);
  }
}

function fingerprint(cert: string): string {
  return new X509Certificate(cert).fingerprint256;
}
