import type { NamedSecret } from '../cluster/secret-store.ts';
import {
  type AuthorityState,
  coversNames,
  isAuthority,
  isSameCertificate,
  isSignedBy,
  parseSecret,
  renewalTime,
  secretData,
} from './authority-state.ts';
import { shift } from './describe.ts';
import { issueAuthority, issueLeaf, type KeyedCertificate } from './issue.ts';
import { certificateBlocks, isTrusted } from './server-certificate.ts';
import {
  type CertificateSource,
  CHECK_INTERVAL_MS,
  PROPAGATION_MS,
  type PublishedBundles,
  type SourceState,
} from './source.ts';

type Found = Exclude<Awaited<ReturnType<NamedSecret['read']>>, { kind: 'failed' }>;

type WriteResult = Awaited<ReturnType<NamedSecret['create']>>;

export interface AuthoritySourceOptions {
  readonly store: NamedSecret;
  readonly names: readonly [string, ...string[]];
  /** In ms. An authority should outlive three certificates, or it is renewed while its successor is not trusted yet. */
  readonly leafLifetime: number;
  readonly authorityLifetime: number;
}

const PURPOSE = 'agent-injector CA';

const MIN_CHECK_INTERVAL_MS = 250;

const MAX_ATTEMPTS = 10;

/** Bounds what is taken over from an existing caBundle: a longer one is not ours. */
const MAX_ADOPTED = 8;

interface Draft {
  readonly state: AuthorityState;
  readonly changes: readonly string[];
}

/**
 * An authority and a certificate of our own, in one Secret that all replicas share. There is no leader: every replica that finds something to do
 * writes it, the first write wins, and the other replicas load the result.
 *
 * An authority is replaced in three steps, each stored before the next: the new one is created, and published next to the old one; once the API
 * server has it in every caBundle, it signs the certificate; once that certificate is renewed, the old authority is dropped.
 */
export class AuthoritySource implements CertificateSource {
  readonly isShared = true;
  readonly propagationMs: number;
  readonly #options: AuthoritySourceOptions;
  /** Last valid contents of the Secret. Used even if the Secret is deleted: callers trust it already. */
  #current: AuthorityState | undefined;
  /** The next authority (PEM), once it has been seen in every caBundle. */
  #published: { readonly cert: string; readonly since: Date } | undefined;

  constructor(options: AuthoritySourceOptions) {
    this.#options = options;
    // Shorter for authorities that live for a few minutes only.
    this.propagationMs = Math.min(PROPAGATION_MS, options.authorityLifetime / 30);
  }

  async reconcile(at: Date, published: PublishedBundles): Promise<SourceState> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      // oxlint-disable-next-line eslint/no-await-in-loop -- after a conflict, the Secret is read again
      const found = await this.#options.store.read();
      if (found.kind === 'failed') return this.#result(at, { problem: found.why });
      // oxlint-disable-next-line eslint/no-await-in-loop
      const { state, changes } = await this.#advance(await this.#load(found, at, published), at, published);
      // oxlint-disable-next-line eslint/no-await-in-loop
      const written = changes.length === 0 ? DONE : await this.#write(found, state);
      if (written.kind === 'failed') return this.#result(at, { problem: written.why });
      if (written.kind === 'done') {
        this.#current = state;
        return this.#result(at, { changes });
      }
    }
    return this.#result(at, { problem: 'another process keeps changing the Secret' });
  }

  #write(found: Found, state: AuthorityState): Promise<WriteResult> {
    const { store } = this.#options;
    return found.kind === 'absent' ? store.create(secretData(state)) : store.update(secretData(state), found.version);
  }

  #result(
    at: Date,
    { changes = [], problem }: { readonly changes?: readonly string[]; readonly problem?: string },
  ): SourceState {
    const current = this.#current;
    const certificate = current && { ...current.leaf, ca: current.trusted.join('') };
    const dueMs = current && problem === undefined ? this.#nextStep(current).getTime() - at.getTime() : Infinity;
    const recheckAfterMs = Math.max(MIN_CHECK_INTERVAL_MS, Math.min(CHECK_INTERVAL_MS, dueMs));
    return { certificate, problem, changes, recheckAfterMs };
  }

  #nextStep({ leaf, authority, next }: AuthorityState): Date {
    const steps = [renewalTime(leaf.cert)];
    if (!next) steps.push(renewalTime(authority.cert));
    else if (this.#published) steps.push(shift(this.#published.since, this.propagationMs));
    return steps.reduce((first, step) => (step < first ? step : first));
  }

  /** Returns a valid state whatever was found. The state in memory is preferred over a new one: it is trusted and served already. */
  async #load(found: Found, at: Date, published: PublishedBundles): Promise<Draft> {
    const stored = found.kind === 'found' ? parseSecret(found.data, at) : undefined;
    const current = this.#validCurrent(at);
    if (stored?.kind === 'valid')
      return current ? adopt(stored.state, current, at) : { state: stored.state, changes: [] };
    const cause = stored ? `the Secret was not usable (${stored.reason})` : 'the Secret did not exist';
    if (current) return { state: current, changes: [`${cause}: wrote back the certificate and CA in use`] };
    if (!stored?.authority) return this.#create(cause, at, published);
    const { authority, trusted } = stored;
    const state = { leaf: await this.#newLeaf(authority, at), authority, next: undefined, trusted };
    return { state, changes: [`${cause}: kept its CA and issued a new certificate`] };
  }

  #validCurrent(at: Date): AuthorityState | undefined {
    const parsed = this.#current && parseSecret(secretData(this.#current), at);
    return parsed?.kind === 'valid' ? parsed.state : undefined;
  }

  async #create(cause: string, at: Date, published: PublishedBundles): Promise<Draft> {
    const authority = await this.#newAuthority(at);
    // Another replica may serve with an authority that exists only in caBundle.
    const adopted = certificateBlocks((published ?? []).join('')).filter((cert) => isAuthority(cert, at));
    const trusted = [...new Set([authority.cert, ...adopted])].slice(0, 1 + MAX_ADOPTED);
    const state = { leaf: await this.#newLeaf(authority, at), authority, next: undefined, trusted };
    return { state, changes: [`${cause}: created a CA and a certificate`] };
  }

  async #advance(draft: Draft, at: Date, published: PublishedBundles): Promise<Draft> {
    const { state, changes } = draft;
    const { authority, next } = state;
    if (next && this.#isPropagated(next, at, published)) {
      const promoted = { ...state, leaf: await this.#newLeaf(next, at), authority: next, next: undefined };
      return { state: promoted, changes: [...changes, 'the new CA is trusted and now issues certificates'] };
    }
    if (!next && at >= renewalTime(authority.cert)) {
      const created = await this.#newAuthority(at);
      const begun = { ...state, next: created, trusted: [...state.trusted, created.cert] };
      return {
        state: begun,
        changes: [...changes, 'created a new CA, which issues certificates once it is trusted'],
      };
    }
    return this.#renewLeaf(draft, at);
  }

  async #renewLeaf(draft: Draft, at: Date): Promise<Draft> {
    const { authority, next, leaf, trusted: before } = draft.state;
    const hasWrongNames = !coversNames(leaf.cert, this.#options.names);
    if (!hasWrongNames && at < renewalTime(leaf.cert)) return draft;
    // The second certificate in a row from one authority: no replica serves a certificate of the previous authority any more.
    const trusted = isSignedBy(leaf.cert, authority) ? [authority.cert, ...(next ? [next.cert] : [])] : before;
    const change = hasWrongNames ? 'the certificate was for other names: issued a new one' : 'renewed the certificate';
    const dropped = trusted.length < before.length ? '; the previous CA is no longer trusted' : '';
    const state = { ...draft.state, leaf: await this.#newLeaf(authority, at), trusted };
    return { state, changes: [...draft.changes, change + dropped] };
  }

  #isPropagated(next: KeyedCertificate, at: Date, published: PublishedBundles): boolean {
    const isEverywhere =
      published?.every((bundle) =>
        certificateBlocks(bundle).some((cert) => isAuthority(cert, at) && isSameCertificate(cert, next.cert)),
      ) ?? false;
    if (!isEverywhere) this.#published = undefined;
    // A time in the future was recorded before the clock was set back.
    else if (this.#published?.cert !== next.cert || this.#published.since > at)
      this.#published = { cert: next.cert, since: at };
    return this.#published !== undefined && at >= shift(this.#published.since, this.propagationMs);
  }

  #newAuthority(at: Date): Promise<KeyedCertificate> {
    return issueAuthority(PURPOSE, { at, lifetime: this.#options.authorityLifetime });
  }

  #newLeaf(authority: KeyedCertificate, at: Date): Promise<KeyedCertificate> {
    return issueLeaf(authority, this.#options.names, { at, lifetime: this.#options.leafLifetime });
  }
}

const DONE: WriteResult = { kind: 'done' };

/** Adopts what another replica stored. If that does not verify the certificate in use here, the authority of the latter stays trusted too. */
function adopt(state: AuthorityState, current: AuthorityState, at: Date): Draft {
  if (isTrusted(current.leaf.cert, state.trusted.join(''), at)) return { state, changes: [] };
  const signers = current.trusted.filter((cert) => isTrusted(current.leaf.cert, cert, at));
  if (signers.length === 0) return { state, changes: [] };
  return {
    state: { ...state, trusted: [...state.trusted, ...signers] },
    changes: ['the Secret contains another CA; the one in use here stays trusted until the certificate is renewed'],
  };
}
