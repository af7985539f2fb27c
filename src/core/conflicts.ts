import type { Catalogue } from './catalogue.ts';
import { entryOf, type OwnEntry } from './environment-plan.ts';
import type { EnvVar } from './pod.ts';
import type { Advice, Profile } from './profile.ts';
import type { Presence } from './provided.ts';
import type { Reason } from './reasons.ts';
import { firstSeen, seen, Sight } from './sign.ts';
import { conflictIn, holds } from './slots.ts';

/** What a profile would meet in a container. */
export interface Meeting {
  readonly profile: Profile;
  readonly catalogue: Catalogue;
  readonly sight: Sight;
  /** The same without what agents of ours write: our own words are no sign of somebody else. */
  readonly others: Sight;
  readonly own: readonly OwnEntry[];
  readonly provided: (name: string) => Presence;
}

/** Why the agent's own variables cannot go in: a slot that another vendor's variables hold, or a value of a group that differs. */
export function variableConflict({ profile, catalogue, sight, own, provided }: Meeting): Reason | undefined {
  const { environment } = sight;
  for (const name of profile.slots) {
    const slot = catalogue.slots.get(name);
    const conflict = slot && conflictIn(slot, environment, own, provided);
    if (conflict) return conflict;
  }
  const differing = own.find((entry) => {
    if (entry.group === undefined || entry.operation.kind !== 'set') return false;
    const found = entryOf(environment, entry.name);
    return found ? !holds(found, entry) : provided(entry.name) === 'present';
  });
  return differing && { code: 'conflicting-variable', variable: differing.name, profile: profile.name };
}

/** Why the agent cannot go in beside what else is in the container: by the signs of other agents, and by the profile's own list. */
export function signConflict(meeting: Meeting): Reason | undefined {
  const { profile, catalogue, others } = meeting;
  for (const agent of catalogue.foreignAgents) {
    const slot = agent.slots.find((name) => profile.slots.includes(name));
    if (slot === undefined) continue;
    const at = firstSeen(agent.signs, others);
    if (at !== undefined) return { code: 'foreign-agent', vendor: agent.vendor, at, slot };
  }
  const conflict = profile.conflicts.find((advice) => applies(advice, others));
  return (
    conflict && { code: 'profile-conflict', profile: profile.name, conflict: conflict.code, message: conflict.message }
  );
}

/** What the user should know about the container besides: what the profile says, and agents of others that sit beside ours. */
export function advisoriesFor(meeting: Meeting): readonly Reason[] {
  const { profile, catalogue, others } = meeting;
  const { name: container } = others.container;
  return [
    ...profile.advisories
      .filter((advice) => applies(advice, others))
      .map(({ code, message }): Reason => ({
        code: 'advisory',
        profile: profile.name,
        advisory: code,
        message,
        container,
      })),
    ...catalogue.foreignAgents.flatMap(({ vendor, slots, signs }): readonly Reason[] => {
      if (slots.some((slot) => profile.slots.includes(slot))) return [];
      const at = firstSeen(signs, others);
      return at === undefined ? [] : [{ code: 'foreign-agent-beside', vendor, at, container }];
    }),
  ];
}

function applies({ signs }: Advice, sight: Sight): boolean {
  return signs.every((sign) => seen(sign, sight) !== undefined);
}

/** The sight without the texts of these entries. */
export function without(sight: Sight, own: readonly OwnEntry[]): Sight {
  const texts = new Map<string, string[]>();
  for (const { name, operation } of own) {
    if (!('text' in operation.value) || sight.variable(name) === undefined) continue;
    const known = texts.get(name);
    if (known) known.push(operation.value.text);
    else texts.set(name, [operation.value.text]);
  }
  if (texts.size === 0) return sight;
  const environment = sight.environment.map((entry): EnvVar => {
    const ours = texts.get(entry.name);
    const value = entry.value;
    if (!ours || value === undefined) return entry;
    return { ...entry, value: ours.reduce((text, one) => text.replaceAll(one, ''), value) };
  });
  return new Sight(sight.container, environment, sight.volumes);
}
