import type { EnvVar } from '../kubernetes/pod.ts';
import { comparableGuid, type Slot } from '../profiles/catalogue.ts';
import { firstMatch, matchedBy, ContainerView } from '../profiles/matcher.ts';
import type { ContainerNote, Profile } from '../profiles/profile.ts';
import type { ConflictReason } from '../reasons/image-reason.ts';
import type { Reason } from '../reasons/reason.ts';
import type { ContainerDraft } from './draft.ts';
import { hasReference, isReference, isAlreadyApplied, type ResolvedEntry, variableIn } from './env/entry.ts';
import { type EnvFromLookup, envFromPresence } from './env/env-from.ts';
import { foreignRequest } from './foreign-requests.ts';
import { withoutOwnParts, withoutText } from './foreign-view.ts';
import type { Rule } from './rule.ts';

export interface ConflictContext {
  readonly profile: Profile;
  readonly draft: ContainerDraft;
  readonly entries: readonly ResolvedEntry[];
  readonly envFrom: EnvFromLookup;
  readonly view: ContainerView;
  /** The view without the text of our agents: our own variables must not match foreign-agent rules. */
  readonly foreignView: ContainerView;
  /** True if the agent's files are in the container, as far as the pod and its settings show. */
  readonly hasFiles: () => boolean;
}

export function conflictContext(
  profile: Profile,
  draft: ContainerDraft,
  entries: readonly ResolvedEntry[],
  hasFiles: () => boolean,
): ConflictContext {
  const { context, originalVolumeNames } = draft.podDraft;
  const { container } = draft.target;
  const view = new ContainerView(container, draft.environment, originalVolumeNames);
  const foreignView = withoutText(view, [...draft.entries, ...entries]);
  return { profile, draft, entries, envFrom: envFromPresence(context, container), view, foreignView, hasFiles };
}

export const conflictRules: readonly Rule<ConflictContext>[] = [
  {
    name: 'requests',
    holds: 'no annotation asks another injector for an agent in the same slot',
    // First, so that the reason is the same before and after that injector is called.
    evaluate: ({ profile, draft: { podDraft, target, environment }, entries }) =>
      isInstrumented(environment, entries)
        ? undefined
        : foreignRequest(podDraft.context, target.container.name, profile.slots),
  },
  {
    name: 'variables',
    holds: "no variable of the container conflicts with the agent's variables",
    evaluate: variableConflict,
  },
  {
    name: 'slots',
    holds: 'no other profile occupies a slot that the agent needs',
    evaluate: ({ profile, draft: { slots } }) => {
      const slot = profile.slots.find((name) => slots.has(name));
      if (slot === undefined) return undefined;
      return { code: 'slot-taken', slot, profile: profile.name, by: slots.get(slot) ?? '' };
    },
  },
  {
    name: 'changes',
    holds: 'no other profile changes the same variable in another way',
    evaluate: ({ profile, draft: { changes } }) => {
      // If two agents used different separators in one variable, neither would find its own text again.
      const conflict = changesOf(profile).find(([name, change]) => (changes.get(name) ?? change) !== change);
      return conflict && { code: 'conflicting-variable', variable: conflict[0], profile: profile.name };
    },
  },
  {
    name: 'not-instrumented',
    holds: 'the agent is not already present',
    evaluate: (context) => {
      const { profile, draft, entries, foreignView, hasFiles } = context;
      if (!isInstrumented(draft.environment, entries)) return undefined;
      const present = alreadyInstrumented(profile, draft, hasFiles());
      const other = foreignAgent({ ...context, foreignView: withoutOwnParts(foreignView, profile, entries) });
      return other ? { ...other, code: 'slot-shared', profile: profile.name } : present;
    },
  },
  {
    name: 'match',
    holds: 'nothing else in the container conflicts with the agent',
    evaluate: foreignConflict,
  },
];

/** Returns the reason that the agent is already present, or seems to be, and occupies its slots. */
export function alreadyInstrumented(profile: Profile, draft: ContainerDraft, hasFiles: boolean): Reason {
  occupySlots(profile, draft);
  return { code: hasFiles ? 'already-instrumented' : 'variables-already-set', profile: profile.name };
}

export function occupySlots(profile: Profile, { slots, changes }: ContainerDraft): void {
  for (const slot of profile.slots) slots.set(slot, profile.name);
  for (const [name, change] of changesOf(profile)) changes.set(name, change);
}

function changesOf({ name: profile, environment }: Profile): readonly (readonly [variable: string, change: string])[] {
  return environment.flatMap(({ name, operation }) => {
    if (operation.kind === 'set') return [];
    return [[name, operation.kind === 'force' ? `force by ${profile}` : operation.separator] as const];
  });
}

/**
 * A complete group of variables loads the agent: it was set, by a user or by us, together with what the agent needs. A profile without a
 * group loads its agent by what it adds to lists (-javaagent:…).
 */
function isInstrumented(environment: readonly EnvVar[], entries: readonly ResolvedEntry[]): boolean {
  const grouped = entries.filter(({ group }) => group !== undefined);
  const loading =
    grouped.length > 0 ? grouped : entries.filter(({ operation }) => ['append', 'prepend'].includes(operation.kind));
  return loading.length > 0 && loading.every((entry) => isApplied(environment, entry));
}

/** Another vendor's value of a variable of the group is not ours. */
function isApplied(environment: readonly EnvVar[], entry: ResolvedEntry): boolean {
  if (!isAlreadyApplied(environment, entry)) return false;
  const variable = variableIn(environment, entry.name);
  return entry.operation.kind !== 'set' || (variable !== undefined && hasSameValue(variable, entry));
}

/** The reason that a variable of the view conflicts with those of the agent. */
export function variableConflict({
  profile,
  draft,
  view,
  entries,
  envFrom,
}: ConflictContext): ConflictReason | undefined {
  const { environment } = view;
  for (const name of profile.slots) {
    const slot = draft.podDraft.context.catalogue.slots.get(name);
    const conflict = slot && slotConflict(slot, environment, entries, envFrom);
    if (conflict) return conflict;
  }
  const differing = entries.find((entry) => {
    if (entry.group === undefined || entry.operation.kind !== 'set') return false;
    const variable = variableIn(environment, entry.name);
    return variable ? !hasSameValue(variable, entry) : envFrom(entry.name) === 'present';
  });
  return differing && { code: 'conflicting-variable', variable: differing.name, profile: profile.name };
}

function slotConflict(
  slot: Slot,
  environment: readonly EnvVar[],
  entries: readonly ResolvedEntry[],
  envFrom: EnvFromLookup,
): ConflictReason | undefined {
  for (const { variable, value } of slot.off) {
    if (variableIn(environment, variable)?.value === value) return { code: 'profiling-disabled', variable, value };
  }
  for (const name of slot.variables) {
    const variable = variableIn(environment, name);
    if (!variable && envFrom(name) !== 'present') continue;
    const entry = entries.find((one) => one.name === name);
    if (!variable || !entry || !hasSameValue(variable, entry)) {
      return { code: 'foreign-profiler', slot: slot.name, variable: name, vendor: vendorIn(slot, environment) };
    }
  }
  return undefined;
}

function vendorIn(slot: Slot, environment: readonly EnvVar[]): string | undefined {
  for (const variable of slot.identity) {
    const vendor = slot.vendors.get(comparableGuid(variableIn(environment, variable)?.value ?? ''));
    if (vendor !== undefined) return vendor;
  }
  return undefined;
}

/** The text of a reference is unknown, so it never equals the text of an entry. */
function hasSameValue(variable: EnvVar, { operation }: ResolvedEntry): boolean {
  if (operation.kind !== 'set') return false;
  if (!('text' in operation.value)) return hasReference(variable, operation.value.valueFrom);
  if (isReference(variable)) return false;
  const { text } = operation.value;
  const value = variable.value ?? '';
  return operation.compare === 'guid' ? comparableGuid(value) === comparableGuid(text) : value === text;
}

/** Another vendor's agent in the view that needs a slot of the profile. */
export function foreignAgent({
  profile,
  draft,
  foreignView,
}: ConflictContext): Extract<Reason, { code: 'foreign-agent' }> | undefined {
  for (const { vendor, slots, match } of draft.podDraft.context.catalogue.foreignAgents) {
    const slot = slots.find((name) => profile.slots.includes(name));
    if (slot === undefined) continue;
    const at = firstMatch(match, foreignView);
    if (at !== undefined) return { code: 'foreign-agent', vendor, at, slot };
  }
  return undefined;
}

function foreignConflict(context: ConflictContext): Reason | undefined {
  const { profile, foreignView } = context;
  const agent = foreignAgent(context);
  if (agent) return agent;
  const conflict = profile.conflicts.find((note) => applies(note, foreignView));
  return (
    conflict && { code: 'profile-conflict', profile: profile.name, conflict: conflict.code, message: conflict.message }
  );
}

/**
 * Returns the profile's advisories that apply to the container, and the foreign agents that the agent can coexist with. The variables of the agent must be
 * in the draft.
 */
export function advisoriesFor({ profile, draft, foreignView }: ConflictContext): readonly Reason[] {
  const { container: app, volumes } = foreignView;
  const { name: container } = app;
  const result = new ContainerView(app, draft.environment, volumes);
  const advisories = profile.advisories.filter(({ match }) =>
    match.every((matcher) => matchedBy(matcher, matcher.resultingEnv ? result : foreignView) !== undefined),
  );
  return [
    ...advisories.map(({ code, message }): Reason => ({
      code: 'advisory',
      profile: profile.name,
      advisory: code,
      message,
      container,
    })),
    ...draft.podDraft.context.catalogue.foreignAgents.flatMap(({ vendor, slots, match }): readonly Reason[] => {
      if (slots.some((slot) => profile.slots.includes(slot))) return [];
      const at = firstMatch(match, foreignView);
      return at === undefined ? [] : [{ code: 'foreign-agent-present', vendor, at, container }];
    }),
  ];
}

function applies({ match }: ContainerNote, view: ContainerView): boolean {
  return match.every((matcher) => matchedBy(matcher, view) !== undefined);
}
