import type { NamedSecret } from '../cluster/secret-store.ts';
import type { Clock } from '../lib/clock.ts';
import { WriteTruce } from '../lib/write-truce.ts';
import {
  adopt,
  type AuthorityRules,
  type Draft,
  maySign,
  renewalCause,
  unfitness,
  usableSecret,
  withoutNext,
} from './authority-rules.ts';
import {
  type AuthorityState,
  isAuthority,
  isSameCertificate,
  isSignedBy,
  limitTrusted,
  parseSecret,
  renewalTime,
  type SecretData,
  secretData,
} from './authority-state.ts';
import { HOUR, shift } from './describe.ts';
import { issueAuthority, issueLeaf, type KeyedCertificate } from './issue.ts';
import { KnownAuthorities } from './known-authorities.ts';
import { certificateBlocks } from './server-certificate.ts';
import {
  type CertificateSource,
  CHECK_INTERVAL_MS,
  PROPAGATION_MS,
  type PublishedBundles,
  type SourceState,
} from './source.ts';

type WriteResult = Awaited<ReturnType<NamedSecret['update']>>;

export interface AuthoritySourceOptions extends AuthorityRules {
  readonly store: NamedSecret;
  readonly clock: Clock;
}

const PURPOSE = 'agent-injector CA';

const MIN_CHECK_INTERVAL_MS = 250;

const MAX_ATTEMPTS = 10;

/** Writes in a minute that are not renewals. One replica alone repairs twenty times a minute what another writer keeps changing. */
const MAX_REPAIRS_PER_MINUTE = 15;

const MINUTE_MS = 60_000;

/** How long the replicas get to stop using a certificate, before the authority that signed it is dropped ahead of time. */
const SETTLED_MS = HOUR;

/** Bounds what is taken over from an existing caBundle: a longer one is not ours. */
const MAX_ADOPTED = 8;

/**
 * An authority and a certificate of our own, in one Secret that all replicas share. There is no leader: every replica that finds something to do
 * writes it, the first write wins, and the other replicas load the result.
 *
 * An authority is replaced in three steps, each stored before the next: the new one is created, and published next to the old one; once the API
 * server has it in every caBundle, it signs the certificate; once that certificate is renewed, the old authority is dropped.
 *
 * An authority is replaced when two thirds of its lifetime are over, and at once if it is not as one made here: valid for longer than configured,
 * not limited to the names of the server, or foreign.
 */
export class AuthoritySource implements CertificateSource {
  readonly isShared = true;
  readonly propagationMs: number;
  readonly #options: AuthoritySourceOptions;
  readonly #known = new KnownAuthorities();
  readonly #truce: WriteTruce;
  /** Last valid contents of the Secret. Used even if the Secret is deleted: callers trust it already. */
  #current: AuthorityState | undefined;
  /** The next authority (PEM), once it has been seen in every caBundle. */
  #published: { readonly cert: string; readonly since: Date } | undefined;
  /** The certificate, and when it was first seen in the Secret. */
  #leaf: { readonly cert: string; readonly since: Date } | undefined;

  constructor(options: AuthoritySourceOptions) {
    this.#options = options;
    // Shorter for authorities that live for a few minutes only.
    this.propagationMs = Math.min(PROPAGATION_MS, options.authorityLifetime / 30);
    // Certificates may live for seconds. An authority takes three writes in the time of three certificates at least.
    const renewals = Math.ceil((3 * MINUTE_MS) / options.leafLifetime);
    this.#truce = new WriteTruce(options.clock, MAX_REPAIRS_PER_MINUTE + renewals);
  }

  async reconcile(at: Date, published: PublishedBundles): Promise<SourceState> {
    const { store } = this.#options;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      // oxlint-disable-next-line eslint/no-await-in-loop -- after a conflict, the Secret is read again
      const found = usableSecret(store, await store.read());
      if ('why' in found) return this.#result(at, { problem: found.why });
      // oxlint-disable-next-line eslint/no-await-in-loop
      const draft = await this.#advance(await this.#load(found.data, at, published), at, published);
      const { state, changes } = draft;
      if (changes.length > 0 && this.#truce.delay() > 0) return this.#result(at, { problem: CONTENDED });
      // oxlint-disable-next-line eslint/no-await-in-loop
      const written = changes.length === 0 ? DONE : await store.update(secretData(state), found.version);
      if (written.kind === 'failed') return this.#result(at, { problem: written.why });
      if (written.kind === 'done') return this.#done(draft, at);
    }
    return this.#result(at, { problem: 'another process keeps changing the Secret' });
  }

  #done({ state, changes, news = [] }: Draft, at: Date): SourceState {
    if (changes.length > 0) this.#truce.written();
    this.#current = state;
    // A time in the future was recorded before the clock was set back.
    if (this.#leaf?.cert !== state.leaf.cert || this.#leaf.since > at)
      this.#leaf = { cert: state.leaf.cert, since: at };
    this.#known.retain(state.trusted);
    return this.#result(at, { changes: [...news, ...changes], problem: this.#truce.isOn() ? CONTENDED : undefined });
  }

  #result(
    at: Date,
    { changes = [], problem }: { readonly changes?: readonly string[]; readonly problem?: string | undefined },
  ): SourceState {
    const current = this.#current;
    const certificate = current && { ...current.leaf, ca: current.trusted.join('') };
    const dueMs = current && problem === undefined ? this.#nextStep(current).getTime() - at.getTime() : Infinity;
    const recheckAfterMs = Math.max(MIN_CHECK_INTERVAL_MS, Math.min(CHECK_INTERVAL_MS, dueMs));
    const foreign = current?.trusted.filter((cert) => this.#known.isForeign(cert)) ?? [];
    return { certificate, problem, changes, foreign, recheckAfterMs };
  }

  #nextStep({ leaf, authority, next }: AuthorityState): Date {
    const steps = [renewalTime(leaf.cert)];
    if (!next) steps.push(renewalTime(authority.cert));
    else if (this.#published) steps.push(shift(this.#published.since, this.propagationMs));
    return steps.reduce((first, step) => (step < first ? step : first));
  }

  /** Returns a valid state whatever was found. The state in memory is preferred over a new one: it is trusted and served already. */
  async #load(data: SecretData, at: Date, published: PublishedBundles): Promise<Draft> {
    const stored = parseSecret(data, at);
    const current = this.#validCurrent(at);
    if (stored.kind === 'valid' && current) {
      const isAnnouncement = this.#known.compare(stored.state);
      const news = isAnnouncement
        ? ['another replica created a new CA, which issues certificates once it is trusted']
        : [];
      return { ...adopt(stored.state, current, at), news };
    }
    if (stored.kind === 'valid') {
      this.#known.accept(stored.state.trusted);
      return { state: stored.state, changes: [] };
    }
    const cause = `the Secret was not usable (${stored.reason})`;
    if (current) return { state: current, changes: [`${cause}: wrote back the certificate and CA in use`] };
    const { authority, trusted } = stored;
    if (!authority || !maySign(authority.cert, this.#options.names)) return this.#create(cause, at, published);
    this.#known.accept(trusted);
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
    this.#known.accept(trusted);
    const state = { leaf: await this.#newLeaf(authority, at), authority, next: undefined, trusted };
    return { state, changes: [`${cause}: created a CA and a certificate`] };
  }

  async #advance(draft: Draft, at: Date, published: PublishedBundles): Promise<Draft> {
    if (draft.state.next && this.#known.isForeign(draft.state.next.cert)) {
      const change = 'removed a CA that no replica made and that has signed nothing yet';
      const without = { ...draft, state: withoutNext(draft.state), changes: [...draft.changes, change] };
      return this.#advance(without, at, published);
    }
    const { state, changes } = draft;
    const { authority, next } = state;
    if (next && this.#isPropagated(next, at, published)) {
      const promoted = { ...state, leaf: await this.#newLeaf(next, at), authority: next, next: undefined };
      return { ...draft, state: promoted, changes: [...changes, 'the new CA is trusted and now issues certificates'] };
    }
    const unfit = this.#unfitness(authority.cert, at);
    if (!next && (unfit !== undefined || at >= renewalTime(authority.cert))) {
      const created = await this.#newAuthority(at);
      const begun = limitTrusted({ ...state, next: created, trusted: [...state.trusted, created.cert] });
      const change = `created a new CA, which issues certificates once it is trusted${unfit === undefined ? '' : ` (${unfit})`}`;
      return { ...draft, state: begun, changes: [...changes, change] };
    }
    return this.#renewLeaf(draft, at);
  }

  async #renewLeaf(draft: Draft, at: Date): Promise<Draft> {
    const { authority, next, leaf, trusted: before } = draft.state;
    const isOverdue = (cert: string): boolean => this.#hasSettled(leaf, at) && this.#unfitness(cert, at) !== undefined;
    const cause = renewalCause(draft.state, at, this.#options, isOverdue);
    if (cause === undefined) return draft;
    // The second certificate in a row from one authority: no replica serves a certificate of the previous authority any more.
    const isSecond = isSignedBy(leaf.cert, authority) && this.#hasSettled(leaf, at);
    const trusted = isSecond ? [authority.cert, ...(next ? [next.cert] : [])] : before;
    const dropped = trusted.length < before.length ? '; the previous CA is no longer trusted' : '';
    const state = { ...draft.state, leaf: await this.#newLeaf(authority, at), trusted };
    return { ...draft, state, changes: [...draft.changes, cause + dropped] };
  }

  #unfitness(cert: string, at: Date): string | undefined {
    return unfitness(cert, at, this.#options, (one) => this.#known.isForeign(one));
  }

  #hasSettled({ cert }: KeyedCertificate, at: Date): boolean {
    if (this.#leaf?.cert !== cert) return false;
    return at >= shift(this.#leaf.since, Math.min(SETTLED_MS, this.#options.leafLifetime / 3));
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

  async #newAuthority(at: Date): Promise<KeyedCertificate> {
    const { names, authorityLifetime } = this.#options;
    const created = await issueAuthority(PURPOSE, names, { at, lifetime: authorityLifetime });
    this.#known.accept([created.cert]);
    return created;
  }

  #newLeaf(authority: KeyedCertificate, at: Date): Promise<KeyedCertificate> {
    return issueLeaf(authority, this.#options.names, { at, lifetime: this.#options.leafLifetime });
  }
}

const DONE: WriteResult = { kind: 'done' };

const CONTENDED =
  'another writer keeps changing the Secret: writing at most once every 10 s. Its managedFields (kubectl get --show-managed-fields) say which one';
