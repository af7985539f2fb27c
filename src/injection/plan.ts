import { INJECTED_LABEL, MULTIPLE, STATUS_ANNOTATION } from '../api/keys.ts';
import { annotationsOf, containersOf, labelsOf, type Pod, type Volume, type VolumeMount } from '../kubernetes/pod.ts';
import type { Change } from '../profiles/environment.ts';
import { profileHash } from '../profiles/fingerprint.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Result } from '../lib/result.ts';
import type { Reason } from '../reasons/reason.ts';
import { appliedTarget } from '../settings/targets/applied.ts';
import { targetText } from '../settings/targets/target.ts';
import { isRequired } from '../settings/required.ts';
import { choiceFor } from '../settings/selected-profiles.ts';
import { MAX_NOTICES } from '../settings/unknown-keys.ts';
import { planAgent } from './agent-plan.ts';
import type { ContainerSelector, TargetContainer } from './container-selection.ts';
import type { ContainerDraft, PodDraft } from './draft.ts';
import type { EnvironmentStep } from './env/plan.ts';
import { InitContainers, type Insertion } from './files/init-container.ts';
import { Volumes } from './files/volumes.ts';
import type { ContainerOutcome } from './outcome.ts';
import type { InjectionContext } from './context.ts';
import { containerImage } from './image/container-image.ts';
import { traceResult } from './trace.ts';

export interface ContainerPlan {
  readonly target: TargetContainer;
  readonly environment: readonly EnvironmentStep[];
  readonly mounts: readonly VolumeMount[];
}

/** Additions to a pod. Nothing is ever removed. */
export interface Plan {
  readonly volumes: readonly Volume[];
  readonly containers: readonly ContainerPlan[];
  readonly initContainers: readonly Insertion[];
  readonly annotations: ReadonlyMap<string, string>;
  /** Value of the label of injected pods; undefined if there is none. */
  readonly label: string | undefined;
  /** Names of the new volumes that must not keep the cluster autoscaler from removing the node. */
  readonly evictable: readonly string[];
  readonly pullSecrets: readonly string[];
  /** The init containers have no seccomp profile: the cluster sets one. */
  readonly omitsSeccomp: boolean;
  /** Existing variables that the injected profiles may change. */
  readonly changes: ReadonlyMap<string, Change>;
}

export const EMPTY_PLAN: Plan = {
  volumes: [],
  containers: [],
  initContainers: [],
  annotations: new Map(),
  label: undefined,
  evictable: [],
  pullSecrets: [],
  omitsSeccomp: false,
  changes: new Map(),
};

export interface PlannedInjection {
  readonly plan: Plan;
  readonly outcomes: readonly ContainerOutcome[];
  readonly notices: readonly Reason[];
}

/** Plans all profiles for all selected containers. Each agent goes into a container as a whole or not at all. */
export function planInjection(context: InjectionContext, selector: ContainerSelector): PlannedInjection {
  const { pod, cluster, namespace } = context;
  const mounts = containersOf(pod).flatMap(({ volumeMounts }) => volumeMounts ?? []);
  const draft: PodDraft = {
    context,
    originalVolumeNames: selector.originalVolumeNames,
    volumes: new Volumes(pod.spec.volumes ?? [], mounts),
    initContainers: new InitContainers(pod, cluster.limitRanges?.(namespace.name) ?? [], cluster.openShift === true),
    annotations: new Map(Object.entries(annotationsOf(pod))),
    newAnnotations: new Map(),
    evictable: new Set(),
    pullSecrets: new Set(),
    changes: new Map(),
  };
  const planned = new Map<TargetContainer, PlannedContainer>();
  for (const target of inStartOrder(selector.targets)) planned.set(target, planContainer(draft, target, selector));
  const all = selector.targets.flatMap((target) => planned.get(target) ?? []);
  const outcomes = all.flatMap((one) => one.outcomes);
  return {
    plan: {
      volumes: draft.volumes.added,
      containers: all.flatMap(({ plan }) => plan ?? []),
      initContainers: draft.initContainers.added,
      annotations: draft.newAnnotations,
      label: context.catalogue.podLabel === false ? undefined : labelFor(outcomes, pod),
      evictable: [...draft.evictable],
      pullSecrets: [...draft.pullSecrets],
      omitsSeccomp: draft.initContainers.omitsSeccomp,
      changes: draft.changes,
    },
    outcomes: [...outcomes, ...selector.withoutTarget(outcomes)],
    notices: distinctNotices(all.flatMap(({ notices }) => notices)),
  };
}

/**
 * The profile that the pod then has: by this injection or, where the API server asks again, by an earlier one. A label of the pod template stays as it
 * is: a ReplicaSet whose selector has it would release each of its pods, and create others without end.
 */
function labelFor(outcomes: readonly ContainerOutcome[], pod: Pod): string | undefined {
  if (!outcomes.some(({ outcome }) => outcome === 'injected')) return undefined;
  if (labelsOf(pod)[INJECTED_LABEL] !== undefined && annotationsOf(pod)[STATUS_ANNOTATION] === undefined)
    return undefined;
  const carried = outcomes.filter((one) => one.outcome === 'injected' || one.reason.code === 'already-instrumented');
  const [profile, ...others] = new Set(carried.map((one) => one.profile));
  return others.length === 0 ? profile : MULTIPLE;
}

interface PlannedContainer {
  readonly plan: ContainerPlan | undefined;
  readonly outcomes: readonly ContainerOutcome[];
  readonly notices: readonly Reason[];
}

/** Init containers come first, so that the init container that copies the files for one of them exists when app containers look for it. */
function inStartOrder(targets: readonly TargetContainer[]): readonly TargetContainer[] {
  return (['initContainers', 'containers'] as const).flatMap((list) =>
    targets.filter((target) => target.list === list),
  );
}

// A pod can have thousands of containers with the same notices.
function distinctNotices(notices: readonly Reason[]): readonly Reason[] {
  const distinct = new Map<string, Reason>();
  for (const notice of notices) {
    if (distinct.size === MAX_NOTICES) break;
    distinct.set(JSON.stringify(notice), notice);
  }
  return [...distinct.values()];
}

function planContainer(podDraft: PodDraft, target: TargetContainer, selector: ContainerSelector): PlannedContainer {
  const { env, volumeMounts, name } = target.container;
  const { context } = podDraft;
  const draft: ContainerDraft = {
    podDraft,
    target,
    environment: [...(env ?? [])],
    steps: [],
    mounts: [...(volumeMounts ?? [])],
    entries: [],
    slots: new Map(),
    changes: new Map(),
    notices: [],
    image: containerImage(context, target.container),
  };
  const { profiles, evidence } = choiceFor(context, target.container);
  if (evidence !== undefined)
    traceResult(
      context.trace,
      { ...LANGUAGE, holds: `the language is proven (${evidence})` },
      { container: name },
      profiles,
    );
  const isNone = profiles.ok && profiles.value.length === 0;
  traceResult(context.trace, PROFILE, { container: name }, isNone ? NO_PROFILE : profiles);
  const outcomes = outcomesOf(profiles, draft, selector);
  const mounts = draft.mounts.slice(volumeMounts?.length ?? 0);
  const plan = draft.steps.length + mounts.length > 0 ? { target, environment: draft.steps, mounts } : undefined;
  return { plan, outcomes, notices: draft.notices };
}

function outcomesOf(
  profiles: Result<readonly Profile[], Reason>,
  draft: ContainerDraft,
  selector: ContainerSelector,
): readonly ContainerOutcome[] {
  const { name } = draft.target.container;
  if (!profiles.ok) return [skipped(name, undefined, profiles.error)];
  // Where an agent is required, a container without a profile counts as one that does not get its agent.
  if (profiles.value.length === 0 && isRequired(draft.podDraft.context))
    return [skipped(name, undefined, { code: 'no-profile' })];
  return profiles.value
    .filter((profile) => isSelected(profile, draft, selector))
    .map((profile) => planProfile(profile, draft));
}

const NO_PROFILE: Result<never, Reason> = { ok: false, error: { code: 'no-profile' } };

const LANGUAGE = { stage: 'containers', name: 'language' } as const;

const PROFILE = { stage: 'containers', name: 'profile', holds: 'a profile is chosen, and it exists' } as const;

function isSelected(profile: Profile, { podDraft, target }: ContainerDraft, selector: ContainerSelector): boolean {
  const selected = selector.selects(profile, target);
  podDraft.context.trace?.({
    kind: 'rule',
    stage: 'containers',
    rule: 'selection',
    condition: "the profile's matchers or an annotation select the container",
    scope: { container: target.container.name, profile: profile.name },
    reason: selected ? undefined : { code: 'no-target-container', profile: profile.name },
  });
  return selected;
}

function planProfile(profile: Profile, draft: ContainerDraft): ContainerOutcome {
  const container = draft.target.container.name;
  const planned = planAgent(profile, draft);
  if (!planned.ok) return skipped(container, profile.name, planned.error);
  const { chosen, parameters, additions } = planned.value;
  const target = appliedTarget(draft.podDraft.context, container);
  return {
    outcome: 'injected',
    container,
    profile: profile.name,
    hash: profileHash(profile),
    ...(target && { target: targetText(target) }),
    delivery: chosen.delivery.name,
    skippedDeliveries: chosen.skipped,
    parameters,
    additions,
  };
}

function skipped(container: string, profile: string | undefined, reason: Reason): ContainerOutcome {
  return { outcome: 'skipped', container, profile, reason };
}
