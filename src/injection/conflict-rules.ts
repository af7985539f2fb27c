import type { EnvVar } from '../kubernetes/pod.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Reason } from '../reasons/reason.ts';
import { type ConflictContext, matcherConflict, variableConflict } from './conflicts.ts';
import type { ContainerDraft } from './draft.ts';
import { isWritten, type OwnEntry } from './env/entry.ts';
import type { Rule } from './trace.ts';

/** An agent and a container that was given others before. */
export interface ConflictSubject {
  readonly context: ConflictContext;
  readonly into: ContainerDraft;
}

/** What stands in the way of the agent in this container; that it is there already is one. The first rule with a reason wins. */
export const conflictRules: readonly Rule<ConflictSubject>[] = [
  {
    name: 'variables',
    holds: "no variable of the container is at odds with the agent's",
    evaluate: ({ context: conflict }) => variableConflict(conflict),
  },
  {
    name: 'slots',
    holds: 'no other profile has the place that the agent needs',
    evaluate: ({ context: conflict, into }) => slotTaken(conflict.profile, into),
  },
  {
    name: 'changes',
    holds: 'no other profile changes the same variable in another way',
    evaluate: ({ context: conflict, into }) => atOdds(conflict.profile, into),
  },
  {
    name: 'not-there',
    holds: 'the agent is not there already',
    evaluate: ({ context: conflict, into }) =>
      isInstrumented(into.environment, conflict.own) ? alreadyInstrumented(conflict.profile, into) : undefined,
  },
  {
    name: 'signs',
    holds: 'nothing is in the container that the agent cannot run beside',
    evaluate: ({ context: conflict }) => matcherConflict(conflict),
  },
];

/** The reason that the agent is there already; its places are taken by that. */
export function alreadyInstrumented(profile: Profile, into: ContainerDraft): Reason {
  occupySlots(profile, into);
  return { code: 'already-instrumented', profile: profile.name };
}

/** The agent has its places in the container from now on. */
export function occupySlots(profile: Profile, { slots, changed }: ContainerDraft): void {
  for (const slot of profile.slots) slots.set(slot, profile.name);
  for (const [name, way] of waysOf(profile)) changed.set(name, way);
}

/** How the profile changes variables of others. */
function waysOf({ name: profile, environment }: Profile): readonly (readonly [variable: string, way: string])[] {
  return environment.flatMap(({ name, operation }) => {
    if (operation.kind === 'set') return [];
    return [[name, operation.kind === 'force' ? `force by ${profile}` : operation.separator] as const];
  });
}

/** Two agents that write to one variable must agree how its parts are told apart, or neither would find its own again. */
function atOdds(profile: Profile, { changed }: ContainerDraft): Reason | undefined {
  const found = waysOf(profile).find(([name, way]) => (changed.get(name) ?? way) !== way);
  return found && { code: 'conflicting-variable', variable: found[0], profile: profile.name };
}

function slotTaken(profile: Profile, { slots }: ContainerDraft): Reason | undefined {
  const slot = profile.slots.find((name) => slots.has(name));
  return slot === undefined
    ? undefined
    : { code: 'slot-taken', slot, profile: profile.name, by: slots.get(slot) ?? '' };
}

/**
 * An atomic set that is whole before we came makes the agent run: somebody put it there, by hand or by us, together with what it needs. Then
 * the rest is theirs to choose, too. Where a profile has no such set, it is what it adds to lists (-javaagent:…) that makes the agent run.
 */
function isInstrumented(environment: readonly EnvVar[], own: readonly OwnEntry[]): boolean {
  const grouped = own.filter((entry) => entry.group !== undefined);
  const loading =
    grouped.length > 0 ? grouped : own.filter(({ operation }) => ['append', 'prepend'].includes(operation.kind));
  return loading.length > 0 && loading.every((entry) => isWritten(environment, entry));
}
