import type { EnvVar } from '../kubernetes/pod.ts';
import { type Catalogue, comparableGuid, type Slot } from '../profiles/catalogue.ts';
import { firstMatch, matchedBy, ContainerView } from '../profiles/matcher.ts';
import type { Advice, Profile } from '../profiles/profile.ts';
import type { Reason } from '../reasons/reason.ts';
import { comesByReference, entryOf, type OwnEntry, refersAlike } from './env/entry.ts';
import type { EnvFromPresence } from './env/env-from.ts';

/** What a profile would meet in a container. */
export interface ConflictContext {
  readonly profile: Profile;
  readonly catalogue: Catalogue;
  readonly view: ContainerView;
  /** The same without what agents of ours write: our own words are no sign of somebody else. */
  readonly others: ContainerView;
  readonly own: readonly OwnEntry[];
  readonly envFrom: (name: string) => EnvFromPresence;
}

/** Why the agent's own variables cannot go in: a slot that another vendor's variables hold, or a value of a group that differs. */
export function variableConflict({
  profile,
  catalogue,
  view,
  own,
  envFrom: provided,
}: ConflictContext): Reason | undefined {
  const { environment } = view;
  for (const name of profile.slots) {
    const slot = catalogue.slots.get(name);
    const conflict = slot && slotConflict(slot, environment, own, provided);
    if (conflict) return conflict;
  }
  const differing = own.find((entry) => {
    if (entry.group === undefined || entry.operation.kind !== 'set') return false;
    const found = entryOf(environment, entry.name);
    return found ? !hasSameValue(found, entry) : provided(entry.name) === 'present';
  });
  return differing && { code: 'conflicting-variable', variable: differing.name, profile: profile.name };
}

/** Why the agent cannot go in beside what else is in the container: by the signs of other agents, and by the profile's own list. */
export function matcherConflict(context: ConflictContext): Reason | undefined {
  const { profile, catalogue, others } = context;
  for (const agent of catalogue.foreignAgents) {
    const slot = agent.slots.find((name) => profile.slots.includes(name));
    if (slot === undefined) continue;
    const at = firstMatch(agent.signs, others);
    if (at !== undefined) return { code: 'foreign-agent', vendor: agent.vendor, at, slot };
  }
  const conflict = profile.conflicts.find((advice) => applies(advice, others));
  return (
    conflict && { code: 'profile-conflict', profile: profile.name, conflict: conflict.code, message: conflict.message }
  );
}

/** What the user should know about the container besides: what the profile says, and agents of others that sit beside ours. */
export function advisoriesFor(context: ConflictContext): readonly Reason[] {
  const { profile, catalogue, others } = context;
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
      const at = firstMatch(signs, others);
      return at === undefined ? [] : [{ code: 'foreign-agent-present', vendor, at, container }];
    }),
  ];
}

function applies({ signs }: Advice, view: ContainerView): boolean {
  return signs.every((sign) => matchedBy(sign, view) !== undefined);
}

/** The view without the texts of these entries. */
export function withoutOwnText(view: ContainerView, own: readonly OwnEntry[]): ContainerView {
  const texts = new Map<string, string[]>();
  for (const { name, operation } of own) {
    if (!('text' in operation.value) || view.variable(name) === undefined) continue;
    const known = texts.get(name);
    if (known) known.push(operation.value.text);
    else texts.set(name, [operation.value.text]);
  }
  if (texts.size === 0) return view;
  const environment = view.environment.map((entry): EnvVar => {
    const ours = texts.get(entry.name);
    const value = entry.value;
    if (!ours || value === undefined) return entry;
    return { ...entry, value: ours.reduce((text, one) => text.replaceAll(one, ''), value) };
  });
  return new ContainerView(view.container, environment, view.volumes);
}

/** Whether an entry of the pod holds just what we would set. A text that comes by `valueFrom` is not known, so it does not. */
export function hasSameValue(found: EnvVar, { operation }: OwnEntry): boolean {
  if (operation.kind !== 'set') return false;
  if (!('text' in operation.value)) return refersAlike(found, operation.value.valueFrom);
  if (comesByReference(found)) return false;
  const text = found.value ?? '';
  const ours = operation.value.text;
  return operation.compare === 'guid' ? comparableGuid(text) === comparableGuid(ours) : text === ours;
}

/** Who else sits in the slot, by the container's environment: the reason not to inject, or undefined when the slot is free or ours. */
export function slotConflict(
  slot: Slot,
  environment: readonly EnvVar[],
  own: readonly OwnEntry[],
  provided: (name: string) => EnvFromPresence,
): Reason | undefined {
  for (const { variable, value } of slot.off) {
    if (entryOf(environment, variable)?.value === value) return { code: 'profiling-disabled', variable, value };
  }
  for (const variable of slot.variables) {
    const found = entryOf(environment, variable);
    if (!found && provided(variable) !== 'present') continue;
    const ours = own.find((entry) => entry.name === variable);
    if (!found || !ours || !hasSameValue(found, ours)) {
      return { code: 'foreign-profiler', slot: slot.name, variable, vendor: vendorIn(slot, environment) };
    }
  }
  return undefined;
}

function vendorIn(slot: Slot, environment: readonly EnvVar[]): string | undefined {
  for (const variable of slot.identity) {
    const vendor = slot.vendors.get(comparableGuid(entryOf(environment, variable)?.value ?? ''));
    if (vendor !== undefined) return vendor;
  }
  return undefined;
}
