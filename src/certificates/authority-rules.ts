import type { NamedSecret } from '../cluster/secret-store.ts';
import { oneLine } from '../lib/text.ts';
import {
  type AuthorityState,
  coversNames,
  isSignedBy,
  isTooLong,
  limitTrusted,
  renewalTime,
} from './authority-state.ts';
import { constraintsOf } from './x509/name-constraints.ts';
import { isTrusted } from './server-certificate.ts';

export interface AuthorityRules {
  /** The first is the one that callers use. */
  readonly names: readonly [string, ...string[]];
  /** In ms. An authority should outlive three certificates, or it is renewed while its successor is not trusted yet. */
  readonly leafLifetime: number;
  readonly authorityLifetime: number;
}

export interface Draft {
  readonly state: AuthorityState;
  /** What differs from the Secret. Empty: there is nothing to write. */
  readonly changes: readonly string[];
  /** What another replica changed. */
  readonly news?: readonly string[];
}

type SecretRead = Awaited<ReturnType<NamedSecret['read']>>;

export type UsableSecret = Extract<SecretRead, { kind: 'found' }>;

/** The Secret, or why it is not used: a sentence without its full stop. Replicas may not create Secrets. */
export function usableSecret({ where }: NamedSecret, found: SecretRead): UsableSecret | { readonly why: string } {
  const again = 'create it again, empty and of type Opaque, with helm upgrade or kubectl apply';
  if (found.kind === 'failed') return { why: found.why };
  if (found.kind === 'absent') return { why: `${where} does not exist: ${again}` };
  // A Secret of another type can hold the token of a ServiceAccount, which a controller writes again and again.
  if (found.type === 'Opaque') return found;
  return {
    why: `${where} has the type ${oneLine(found.type, 60)} instead of Opaque and is not used: delete it, and ${again}`,
  };
}

/** What is wrong with an authority that is not like one that a replica makes; undefined if nothing is. */
export function unfitness(
  cert: string,
  at: Date,
  { names, authorityLifetime }: AuthorityRules,
  isForeign: (cert: string) => boolean,
): string | undefined {
  if (isForeign(cert)) return 'no replica made the present one';
  if (isTooLong(cert, at, authorityLifetime)) return 'the present one is valid for longer than configured';
  const limit = constraintsOf(cert, names);
  return limit === 'these names' ? undefined : `the present one may sign for ${limit === 'none' ? 'any name' : limit}`;
}

/** False if a certificate for these names would be invalid, because the authority is limited to other names. */
export function maySign(authority: string, names: readonly string[]): boolean {
  return constraintsOf(authority, names) !== 'other names';
}

/** Why the certificate is renewed now; undefined if it is not. `isOverdue`: an authority is to be dropped ahead of time, which is part of a renewal. */
export function renewalCause(
  { leaf, authority, next, trusted }: AuthorityState,
  at: Date,
  { names, leafLifetime }: AuthorityRules,
  isOverdue: (cert: string) => boolean,
): string | undefined {
  if (at >= renewalTime(leaf.cert)) return 'renewed the certificate';
  if (isTooLong(leaf.cert, at, leafLifetime))
    return 'the certificate was valid for longer than configured: issued a new one';
  if (!coversNames(leaf.cert, names) && maySign(authority.cert, names))
    return 'the certificate was for other names: issued a new one';
  const others = trusted.filter((cert) => cert !== authority.cert && cert !== next?.cert);
  return others.some(isOverdue) ? 'renewed the certificate ahead of time, to drop a CA' : undefined;
}

/** The state without its next authority, which stays trusted only if the certificate needs it. */
export function withoutNext(state: AuthorityState): AuthorityState {
  const { leaf, next } = state;
  const isNeeded = next !== undefined && isSignedBy(leaf.cert, next);
  return {
    ...state,
    next: undefined,
    trusted: isNeeded ? state.trusted : state.trusted.filter((cert) => cert !== next?.cert),
  };
}

/** Adopts what another process stored. If that does not verify the certificate in use here, the authority of the latter stays trusted too. */
export function adopt(state: AuthorityState, current: AuthorityState, at: Date): Draft {
  if (isTrusted(current.leaf.cert, state.trusted.join(''), at)) return { state, changes: [] };
  const signers = current.trusted.filter((cert) => isTrusted(current.leaf.cert, cert, at));
  if (signers.length === 0) return { state, changes: [] };
  return {
    state: limitTrusted({ ...state, trusted: [...state.trusted, ...signers] }),
    changes: ['the Secret contains another CA; the one in use here stays trusted until the certificate is renewed'],
  };
}
