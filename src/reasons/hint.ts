import type { Reason } from './reason.ts';
import { reasonTable } from './reason-table.ts';

/** What is known of the place where a reason arises, for the commands in its hint. */
export interface HintPlace {
  readonly namespace?: string | undefined;
}

/** A name that can stand in a command: a name from a file can be any text, also one that a shell would run. */
const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

/** What to do about a reason, with the names that are known in the place of placeholders. */
export function hintFor(reason: Reason, place: HintPlace = {}): string {
  const { hint } = reasonTable[reason.code];
  const names = placeholders(reason, place);
  return hint.replaceAll(/\b(?:NAME|NAMESPACE|PARAMETER|CLAIM|CONTAINER)\b/g, (word) => {
    const known = names[word];
    return known !== undefined && NAME.test(known) ? known : word;
  });
}

function placeholders(reason: Reason, { namespace }: HintPlace): Readonly<Record<string, string | undefined>> {
  return {
    NAMESPACE: namespace,
    ...('namespace' in reason && { NAME: reason.namespace }),
    ...('parameter' in reason && { PARAMETER: reason.parameter }),
    ...('claim' in reason && { CLAIM: reason.claim }),
  };
}
