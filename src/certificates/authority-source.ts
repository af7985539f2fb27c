import {
  answersTo,
  fromSecret,
  isAuthority,
  isSame,
  isSignedBy,
  type AuthorityState,
  type Reading,
  renewalOf,
  type SecretData,
  toSecret,
} from './authority-state.ts';
import { shift } from './describe.ts';
import { issueAuthority, issueLeaf, type KeyedCertificate } from './issue.ts';
import { certificateBlocks, isTrusted } from './server-certificate.ts';
import { type CertificateSource, CHECK_INTERVAL_MS, type Offer, type Published, SETTLE_MS } from './source.ts';

/** One Secret, somewhere. Nothing here rejects; `why` is a sentence without its full stop. */
export interface SecretStore {
  readonly read: () => Promise<
    | { readonly kind: 'found'; readonly data: SecretData; readonly version: string }
    | { readonly kind: 'absent' }
    | { readonly kind: 'failed'; readonly why: string }
  >;
  /** `conflict`: there is one by now, or it is no longer of that version. */
  readonly create: (data: SecretData) => Promise<WriteResult>;
  readonly update: (data: SecretData, version: string) => Promise<WriteResult>;
}

export type WriteResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'failed'; readonly why: string };

type Found = Exclude<Awaited<ReturnType<SecretStore['read']>>, { kind: 'failed' }>;

export interface AuthoritySourceOptions {
  readonly store: SecretStore;
  /** By which callers call. */
  readonly names: readonly [string, ...string[]];
  /** In milliseconds. An authority should outlive three leaves, or it is renewed while its successor is not yet trusted. */
  readonly leafLifetime: number;
  readonly authorityLifetime: number;
}

const PURPOSE = 'agent-injector CA';

const MIN_CHECK_INTERVAL_MS = 250;

/** So often somebody else may be faster, one after the other. */
const ATTEMPTS = 10;

/** Of a caBundle that was found and has to be kept: more is not ours. */
const MAX_KEPT = 8;

/** What is to be in the Secret. Without news it is what was found there. */
interface Draft {
  readonly state: AuthorityState;
  readonly news: readonly string[];
}

/**
 * An authority and a leaf of our own, in one Secret that all replicas share. There is no leader: whoever finds something to do makes it and writes
 * it; of several the first wins, and the others take what he wrote.
 *
 * A new authority comes in three steps, each written down before the next begins: it is made, and trusted beside the old one; once the API
 * server has it in every caBundle, it signs the leaf; once the leaf after that one is due, the old authority goes.
 */
export class AuthoritySource implements CertificateSource {
  readonly isShared = true;
  readonly settleMs: number;
  private readonly options: AuthoritySourceOptions;
  /** What the Secret held when it was last sound. It outlives the Secret: callers trust it already. */
  private memory: AuthorityState | undefined;
  /** Since when the next authority, PEM, has been seen in every caBundle. */
  private seen: { readonly cert: string; readonly since: Date } | undefined;

  constructor(options: AuthoritySourceOptions) {
    this.options = options;
    // Less than usual where authorities live for minutes.
    this.settleMs = Math.min(SETTLE_MS, options.authorityLifetime / 30);
  }

  async evaluate(at: Date, published: Published): Promise<Offer> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      // oxlint-disable-next-line eslint/no-await-in-loop -- another replica was faster: what it wrote is read
      const found = await this.options.store.read();
      if (found.kind === 'failed') return this.offer(at, [], found.why);
      // oxlint-disable-next-line eslint/no-await-in-loop
      const { state, news } = await this.renew(await this.mend(found, at, published), at, published);
      // oxlint-disable-next-line eslint/no-await-in-loop
      const written = news.length === 0 ? DONE : await this.write(found, state);
      if (written.kind === 'failed') return this.offer(at, [], written.why);
      if (written.kind === 'done') {
        this.memory = state;
        return this.offer(at, news, undefined);
      }
    }
    return this.offer(at, [], 'the Secret is written to by somebody else all the time');
  }

  private write(found: Found, state: AuthorityState): Promise<WriteResult> {
    const { store } = this.options;
    return found.kind === 'absent' ? store.create(toSecret(state)) : store.update(toSecret(state), found.version);
  }

  private offer(at: Date, news: readonly string[], problem: string | undefined): Offer {
    const { memory } = this;
    const certificate = memory && { ...memory.leaf, ca: memory.trusted.join('') };
    const due = memory && !problem ? this.nextStep(memory).getTime() - at.getTime() : Infinity;
    return { certificate, problem, news, againInMs: Math.max(MIN_CHECK_INTERVAL_MS, Math.min(CHECK_INTERVAL_MS, due)) };
  }

  private nextStep({ leaf, authority, next }: AuthorityState): Date {
    const steps = [renewalOf(leaf.cert)];
    if (!next) steps.push(renewalOf(authority.cert));
    else if (this.seen) steps.push(shift(this.seen.since, this.settleMs));
    return steps.reduce((first, step) => (step < first ? step : first));
  }

  /** Something sound, whatever was found: what is in memory before anything new, for that is trusted and served already. */
  private async mend(found: Found, at: Date, published: Published): Promise<Draft> {
    const reading = found.kind === 'found' ? fromSecret(found.data, at) : undefined;
    const mine = this.memory && fromSecret(toSecret(this.memory), at);
    const known = mine?.kind === 'sound' ? mine.state : undefined;
    if (reading?.kind === 'sound') return known ? adopt(reading.state, known, at) : { state: reading.state, news: [] };
    const loss = reading ? `the Secret was of no use (${reading.why})` : 'there was no Secret';
    if (known) return { state: known, news: [`${loss}: what is in service was written back`] };
    return this.begin(reading, loss, at, published);
  }

  private async begin(
    reading: Exclude<Reading, { kind: 'sound' }> | undefined,
    loss: string,
    at: Date,
    published: Published,
  ): Promise<Draft> {
    if (reading?.authority) {
      const { authority, trusted } = reading;
      const state = { leaf: await this.newLeaf(authority, at), authority, next: undefined, trusted };
      return { state, news: [`${loss}: its authority could be kept, the certificate was made anew`] };
    }
    const authority = await this.newAuthority(at);
    // Another replica may serve by an authority that is published and nowhere else any more.
    const kept = certificateBlocks((published ?? []).join('')).filter((cert) => isAuthority(cert, at));
    const trusted = [...new Set([authority.cert, ...kept])].slice(0, 1 + MAX_KEPT);
    const state = { leaf: await this.newLeaf(authority, at), authority, next: undefined, trusted };
    return { state, news: [`${loss}: a certificate authority and a certificate were made`] };
  }

  /** The one step that is due, if any. */
  private async renew(draft: Draft, at: Date, published: Published): Promise<Draft> {
    const { state, news } = draft;
    const { authority, next } = state;
    if (next && this.isSettled(next, at, published)) {
      const promoted = { ...state, leaf: await this.newLeaf(next, at), authority: next, next: undefined };
      return { state: promoted, news: [...news, 'the new certificate authority is trusted: it signs from now on'] };
    }
    if (!next && at >= renewalOf(authority.cert)) {
      const made = await this.newAuthority(at);
      const begun = { ...state, next: made, trusted: [...state.trusted, made.cert] };
      return { state: begun, news: [...news, 'a new certificate authority was made, to sign once it is trusted'] };
    }
    return this.renewLeaf(draft, at);
  }

  private async renewLeaf(draft: Draft, at: Date): Promise<Draft> {
    const { authority, next, leaf, trusted: before } = draft.state;
    const isMisnamed = !answersTo(leaf.cert, this.options.names);
    if (!isMisnamed && at < renewalOf(leaf.cert)) return draft;
    // The second leaf in a row from one authority: nobody serves a leaf of the authority before it any more.
    const trusted = isSignedBy(leaf.cert, authority) ? [authority.cert, ...(next ? [next.cert] : [])] : before;
    const why = isMisnamed ? 'the certificate was of another name: it was made anew' : 'the certificate was renewed';
    const dropped = trusted.length < before.length ? ', and who no longer signs is no longer trusted' : '';
    const state = { ...draft.state, leaf: await this.newLeaf(authority, at), trusted };
    return { state, news: [...draft.news, why + dropped] };
  }

  private isSettled(next: KeyedCertificate, at: Date, published: Published): boolean {
    const isEverywhere =
      published?.every((bundle) =>
        certificateBlocks(bundle).some((cert) => isAuthority(cert, at) && isSame(cert, next.cert)),
      ) ?? false;
    if (!isEverywhere) this.seen = undefined;
    // What was seen in the future was seen before the clock was set back.
    else if (this.seen?.cert !== next.cert || this.seen.since > at) this.seen = { cert: next.cert, since: at };
    return this.seen !== undefined && at >= shift(this.seen.since, this.settleMs);
  }

  private newAuthority(at: Date): Promise<KeyedCertificate> {
    return issueAuthority(PURPOSE, { at, lifetime: this.options.authorityLifetime });
  }

  private newLeaf(authority: KeyedCertificate, at: Date): Promise<KeyedCertificate> {
    return issueLeaf(authority, this.options.names, { at, lifetime: this.options.leafLifetime });
  }
}

const DONE: WriteResult = { kind: 'done' };

/** Takes what another wrote. If callers would not trust what is in service here by that alone, its authority stays trusted beside it. */
function adopt(state: AuthorityState, known: AuthorityState, at: Date): Draft {
  if (isTrusted(known.leaf.cert, state.trusted.join(''), at)) return { state, news: [] };
  const signers = known.trusted.filter((cert) => isTrusted(known.leaf.cert, cert, at));
  if (signers.length === 0) return { state, news: [] };
  return {
    state: { ...state, trusted: [...state.trusted, ...signers] },
    news: [
      'the Secret has another authority now: the one in service here stays trusted until the certificate is renewed',
    ],
  };
}
