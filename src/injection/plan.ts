import { annotationsOf, containersOf, type Volume, type VolumeMount } from '../kubernetes/pod.ts';
import type { Change } from '../profiles/environment.ts';
import { profileHash } from '../profiles/fingerprint.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Result } from '../lib/result.ts';
import type { Reason } from '../reasons/reason.ts';
import { profilesFor } from '../settings/resolve.ts';
import { MAX_NOTICES } from '../settings/unknown-keys.ts';
import { planAgent } from './agent-plan.ts';
import type { ContainerSelector, TargetContainer } from './container-selection.ts';
import type { InjectionContext } from './context.ts';
import type { ChosenDelivery } from './delivery/choose.ts';
import type { ContainerDraft, PodDraft } from './draft.ts';
import type { EnvironmentStep } from './env/plan.ts';
import { InitContainers, type Insertion } from './files/init-container.ts';
import { Volumes } from './files/volumes.ts';
import type { ContainerOutcome } from './outcome.ts';
import { traceResult } from './trace.ts';

/** What is to be put into one container. */
export interface ContainerPlan {
  readonly target: TargetContainer;
  readonly environment: readonly EnvironmentStep[];
  readonly mounts: readonly VolumeMount[];
}

/** What is to be put into the pod. Nothing is ever taken out. */
export interface Plan {
  readonly volumes: readonly Volume[];
  readonly containers: readonly ContainerPlan[];
  readonly initContainers: readonly Insertion[];
  /** Text for annotations of the pod, by key: files of agents. */
  readonly annotations: ReadonlyMap<string, string>;
  /** Volumes on a node's disk that need not keep the pod there. */
  readonly evictable: readonly string[];
  readonly pullSecrets: readonly string[];
  /** The variables of the author that the profiles of the plan may change, and how. */
  readonly changes: ReadonlyMap<string, Change>;
}

export const EMPTY_PLAN: Plan = {
  volumes: [],
  containers: [],
  initContainers: [],
  annotations: new Map(),
  evictable: [],
  pullSecrets: [],
  changes: new Map(),
};

export interface Planned {
  readonly plan: Plan;
  readonly outcomes: readonly ContainerOutcome[];
  readonly notices: readonly Reason[];
}

/** Plans every profile of every target. Each agent goes into a container as a whole or not at all. */
export function planInjection(context: InjectionContext, selector: ContainerSelector): Planned {
  const { spec } = context.pod;
  const mounted = containersOf(context.pod).flatMap(({ volumeMounts }) => volumeMounts ?? []);
  const draft: PodDraft = {
    context,
    volumeNames: selector.volumes,
    volumes: new Volumes(spec.volumes ?? [], mounted),
    initContainers: new InitContainers(context.pod, context.cluster.limitRanges?.(context.namespace.name) ?? []),
    annotations: new Map(Object.entries(annotationsOf(context.pod))),
    added: new Map(),
    evictable: new Set(),
    pullSecrets: new Set(),
    changes: new Map(),
  };
  const drafts = new Map<TargetContainer, Drafted>();
  for (const target of inOrderOfStart(selector.targets)) drafts.set(target, planContainer(draft, target, selector));
  const all = selector.targets.flatMap((target) => drafts.get(target) ?? []);
  const outcomes = all.flatMap((one) => one.outcomes);
  return {
    plan: {
      volumes: draft.volumes.added,
      containers: all.flatMap(({ plan }) => plan ?? []),
      initContainers: draft.initContainers.added,
      annotations: draft.added,
      evictable: [...draft.evictable],
      pullSecrets: [...draft.pullSecrets],
      changes: draft.changes,
    },
    outcomes: [...outcomes, ...selector.withoutTarget(outcomes)],
    notices: firstFew(all.flatMap(({ notices }) => notices)),
  };
}

/** What is planned for one container, and what became of each profile in it. */
interface Drafted {
  readonly plan: ContainerPlan | undefined;
  readonly outcomes: readonly ContainerOutcome[];
  readonly notices: readonly Reason[];
}

/** Init containers come before app containers, so that what copies the files for one of them is there when the others look for it. */
function inOrderOfStart(targets: readonly TargetContainer[]): readonly TargetContainer[] {
  return (['initContainers', 'containers'] as const).flatMap((list) =>
    targets.filter((target) => target.list === list),
  );
}

/** Each notice once, and no more than are ever shown: a pod can have thousands of containers. */
function firstFew(notices: readonly Reason[]): readonly Reason[] {
  const seen = new Map<string, Reason>();
  for (const notice of notices) {
    if (seen.size === MAX_NOTICES) break;
    seen.set(JSON.stringify(notice), notice);
  }
  return [...seen.values()];
}

function planContainer(pod: PodDraft, target: TargetContainer, selector: ContainerSelector): Drafted {
  const { env, volumeMounts, name } = target.container;
  const into: ContainerDraft = {
    pod,
    target,
    environment: [...(env ?? [])],
    steps: [],
    mounts: [...(volumeMounts ?? [])],
    written: [],
    slots: new Map(),
    changed: new Map(),
    notices: [],
  };
  const isFor = (profile: Profile): boolean => {
    const selected = selector.selects(profile, target);
    const reason: Reason = { code: 'no-target-container', profile: profile.name };
    const choice = selected ? { ok: true as const, value: profile } : { ok: false as const, error: reason };
    traceResult(pod.context.trace, SELECTION, { container: name, profile: profile.name }, choice);
    return selected;
  };
  const profiles = profilesFor(pod.context, name);
  tellProfiles(pod.context, name, profiles);
  const outcomes = profiles.ok
    ? profiles.value.filter(isFor).map((profile) => planProfile(profile, into))
    : [skipped(name, undefined, profiles.error)];
  const mounts = into.mounts.slice(volumeMounts?.length ?? 0);
  const plan = into.steps.length + mounts.length > 0 ? { target, environment: into.steps, mounts } : undefined;
  return { plan, outcomes, notices: into.notices };
}

const PROFILE = { stage: 'containers', name: 'profile', holds: 'a profile is chosen that exists' } as const;

const SELECTION = {
  stage: 'containers',
  name: 'selection',
  holds: 'the container is one that the profile is for, or is named',
} as const;

function tellProfiles(
  { trace }: InjectionContext,
  container: string,
  profiles: Result<readonly Profile[], Reason>,
): void {
  const none = profiles.ok && profiles.value.length === 0;
  traceResult(trace, PROFILE, { container }, none ? { ok: false, error: { code: 'no-profile' } } : profiles);
}

function planProfile(profile: Profile, into: ContainerDraft): ContainerOutcome {
  const container = into.target.container.name;
  const result = planAgent(profile, into);
  if (!result.ok) return skipped(container, profile.name, result.error);
  const { delivery, skipped: skippedDeliveries }: ChosenDelivery = result.value.chosen;
  const { parameters, additions } = result.value;
  const what = { profile: profile.name, hash: profileHash(profile), delivery: delivery.name, skippedDeliveries };
  return { outcome: 'injected', container, ...what, parameters, additions };
}

function skipped(container: string, profile: string | undefined, reason: Reason): ContainerOutcome {
  return { outcome: 'skipped', container, profile, reason };
}
