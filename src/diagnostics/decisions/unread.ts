import type { Reason } from '../../reasons/reason.ts';
import type { ReasonKind } from '../../reasons/reason-kind.ts';
import { reasonTable } from '../../reasons/reason-table.ts';
import type { SettingSources } from '../../settings/resolve.ts';

type Known = Pick<SettingSources, 'catalogue'> & { readonly cluster?: SettingSources['cluster'] | undefined };

/** True if something could not be read on which every decision depends: what the server would decide is then not known. */
export function isGuess({ catalogue: { unread = [] }, cluster }: Known): boolean {
  return unread.some((part) => part !== 'files') || cluster?.hasUnreadTargets === true;
}

/** True if a profile that is not in the catalogue may be one of those that could not be read. */
export function mayExist({ unread = [] }: SettingSources['catalogue']): boolean {
  return unread.length > 0;
}

const SAME_TO_BOTH: ReadonlySet<ReasonKind> = new Set(['exemption', 'satisfied', 'unverified']);

/** True if this outcome, found without what could not be read, need not be that of the server. Not of a namespace that is off, or a pod that opts out or has an agent. */
export function isUndecided(known: Known, reason: Reason | undefined): boolean {
  if (reason?.code === 'unknown-profile') return mayExist(known.catalogue);
  if (reason?.code === 'namespace-not-enabled') return false;
  return isGuess(known) && !(reason && SAME_TO_BOTH.has(reasonTable[reason.code].kind));
}
