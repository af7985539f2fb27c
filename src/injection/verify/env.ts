import { variablesIn } from '../../kubernetes/env-expansion.ts';
import type { EnvVar } from '../../kubernetes/pod.ts';
import type { Change } from '../../profiles/environment.ts';
import type { EnvFromPresence } from '../env/env-from.ts';

/** What is allowed beyond keeping the author's variables as they are. */
export interface Allowed {
  /** What the profiles of the plan may do to a variable of that name. */
  readonly changes: ReadonlyMap<string, Change>;
  /** Whether a variable comes by `envFrom`, as far as that is known. */
  readonly provided: (name: string) => EnvFromPresence;
}

/**
 * The promise that a container's list of variables breaks, or undefined. Every entry of the author is there, in its order, and is the same;
 * or, where a profile may change it, has its
 * value still in it, or was renamed and stands right before the one that refers to it, or was replaced as the profile says. No name stands twice
 * because of us, and every `$(NAME)` that was not there before refers to what is certain to stand before it.
 */
export function brokenEnvironment(
  before: readonly EnvVar[],
  after: readonly EnvVar[],
  allowed: Allowed,
): string | undefined {
  const added = newIn(before, after, allowed.changes);
  if (!added) return 'a variable of the author was changed';
  return twice(before, after) ?? hidden(before, after, added, allowed) ?? dangling(before, after, added, allowed);
}

/** The places of what is new or was changed; undefined where an entry of the author is not kept. */
function newIn(
  before: readonly EnvVar[],
  after: readonly EnvVar[],
  changes: ReadonlyMap<string, Change>,
): readonly number[] | undefined {
  const added: number[] = [];
  let next = 0;
  for (const [index, has] of after.entries()) {
    const had = before[next];
    const isKept = had !== undefined && (has === had || keeps(had, has, after[index + 1], changes));
    // What was renamed says what it said.
    if (!isKept || (has !== had && has.name === had.name)) added.push(index);
    if (isKept) next++;
  }
  return next < before.length ? undefined : added;
}

/** An entry of `env` hides what comes by `envFrom`: what is to be added to must be referred to, and be there. */
function hidden(
  before: readonly EnvVar[],
  after: readonly EnvVar[],
  added: readonly number[],
  { changes, provided }: Allowed,
): string | undefined {
  const authors = new Set(before.map(({ name }) => name));
  for (const index of added) {
    const { name, value = '' } = after[index] ?? { name: '' };
    if (authors.has(name) || changes.get(name) !== 'extends') continue;
    if (provided(name) !== 'absent' && !value.includes(`$(${name})`))
      return `variable ${name} would hide that of envFrom`;
  }
  return undefined;
}

function keeps(had: EnvVar, has: EnvVar, following: EnvVar | undefined, changes: ReadonlyMap<string, Change>): boolean {
  const change = changes.get(had.name);
  if (change === undefined) return false;
  if (had.name === has.name) return change === 'replaces' || isPartOf(had, has);
  const isRenamed = had['valueFrom'] === has['valueFrom'] && had.value === has.value;
  return isRenamed && following?.name === had.name && (following.value ?? '').includes(`$(${has.name})`);
}

function isPartOf(had: EnvVar, has: EnvVar): boolean {
  return !had['valueFrom'] && !has['valueFrom'] && (has.value ?? '').includes(had.value ?? '');
}

/** Duplicates of the author's own are the author's; there may be no more of a name than there were, and one at least. */
function twice(before: readonly EnvVar[], after: readonly EnvVar[]): string | undefined {
  const most = new Map<string, number>();
  for (const { name } of before) most.set(name, (most.get(name) ?? 0) + 1);
  const seen = new Map<string, number>();
  for (const { name } of after) {
    const count = (seen.get(name) ?? 0) + 1;
    if (count > Math.max(1, most.get(name) ?? 0)) return `variable ${name} stands twice`;
    seen.set(name, count);
  }
  return undefined;
}

function dangling(
  before: readonly EnvVar[],
  after: readonly EnvVar[],
  added: readonly number[],
  { provided }: Allowed,
): string | undefined {
  for (const index of added) {
    const uncertain = ownReferences(before, after[index]).find((used) => {
      const found = after.slice(0, index).findLast((entry) => entry.name === used);
      return found ? mayBeMissing(found) : provided(used) !== 'present';
    });
    if (uncertain !== undefined) return `$(${uncertain}) refers to nothing that is certain to stand before it`;
  }
  return undefined;
}

/** What an entry refers to beyond what its author's did. */
function ownReferences(before: readonly EnvVar[], entry: EnvVar | undefined): readonly string[] {
  const theirs = new Map<string, number>();
  for (const name of variablesIn(before.findLast((one) => one.name === entry?.name)?.value ?? ''))
    theirs.set(name, (theirs.get(name) ?? 0) + 1);
  return variablesIn(entry?.value ?? '').filter((name) => {
    const count = theirs.get(name) ?? 0;
    theirs.set(name, count - 1);
    return count <= 0;
  });
}

function mayBeMissing(entry: EnvVar): boolean {
  return JSON.stringify(entry['valueFrom'] ?? null).includes('"optional":true');
}
