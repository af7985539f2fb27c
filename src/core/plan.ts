import { planAgent, type Additions, type ContainerDraft } from './agent-plan.ts';
import type { ChosenDelivery, PassedOver } from './delivery-choice.ts';
import type { Change } from './environment.ts';
import type { EnvironmentStep } from './environment-plan.ts';
import { InitContainers, type Insertion } from './init-containers.ts';
import { annotationsOf, containersOf, type Volume, type VolumeMount } from './pod.ts';
import { profileHash } from './profile-hash.ts';
import type { Profile } from './profile.ts';
import type { Reason } from './reasons.ts';
import type { Parameters } from './parameter-values.ts';
import { profilesFor, type Choice, type Layers } from './settings.ts';
import { MOST_NOTICES } from './unknown-keys.ts';
import type { Selector, Target } from './targets.ts';
import { tellChoice } from './trace.ts';
import { Volumes } from './volumes.ts';

/** What is to be put into one container. */
export interface ContainerPlan {
  readonly target: Target;
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

export const NOTHING: Plan = {
  volumes: [],
  containers: [],
  initContainers: [],
  annotations: new Map(),
  evictable: [],
  pullSecrets: [],
  changes: new Map(),
};

/** What became of one profile in one container. */
export type ContainerOutcome =
  | {
      readonly outcome: 'injected';
      readonly container: string;
      readonly profile: string;
      /** Of the profile's content: which version of it went in. */
      readonly hash: string;
      readonly delivery: string;
      /** Deliveries that the profile prefers and that did not fit. */
      readonly passedOver: readonly PassedOver[];
      readonly parameters: Parameters;
      readonly additions: Additions;
    }
  | {
      readonly outcome: 'skipped';
      readonly container: string;
      readonly profile: string | undefined;
      readonly reason: Reason;
    };

/** What became of one agent in one container, without how it came about. */
export type ContainerFate =
  | Omit<Extract<ContainerOutcome, { outcome: 'injected' }>, 'parameters' | 'additions' | 'passedOver'>
  | Extract<ContainerOutcome, { outcome: 'skipped' }>;

/** What the plans of the agents have in common while the pod is gone through. */
export interface PodDraft {
  readonly layers: Layers;
  readonly volumes: Volumes;
  /** The names of those that the pod came with. */
  readonly volumeNames: ReadonlySet<string>;
  readonly initContainers: InitContainers;
  /** The annotations of the pod as they would be so far. */
  readonly annotations: Map<string, string>;
  /** Those of them that are to be written. */
  readonly added: Map<string, string>;
  readonly evictable: Set<string>;
  readonly pullSecrets: Set<string>;
  readonly changes: Map<string, Change>;
}

export interface Planned {
  readonly plan: Plan;
  readonly outcomes: readonly ContainerOutcome[];
  readonly notices: readonly Reason[];
}

/** Plans every profile of every target. Each agent goes into a container as a whole or not at all. */
export function makePlan(layers: Layers, selector: Selector): Planned {
  const { spec } = layers.pod;
  const mounted = containersOf(layers.pod).flatMap(({ volumeMounts }) => volumeMounts ?? []);
  const draft: PodDraft = {
    layers,
    volumeNames: selector.volumes,
    volumes: new Volumes(spec.volumes ?? [], mounted),
    initContainers: new InitContainers(layers.pod, layers.cluster.limitRanges?.(layers.namespace.name) ?? []),
    annotations: new Map(Object.entries(annotationsOf(layers.pod))),
    added: new Map(),
    evictable: new Set(),
    pullSecrets: new Set(),
    changes: new Map(),
  };
  const drafts = new Map<Target, Drafted>();
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
function inOrderOfStart(targets: readonly Target[]): readonly Target[] {
  return (['initContainers', 'containers'] as const).flatMap((list) =>
    targets.filter((target) => target.list === list),
  );
}

/** Each notice once, and no more than are ever shown: a pod can have thousands of containers. */
function firstFew(notices: readonly Reason[]): readonly Reason[] {
  const seen = new Map<string, Reason>();
  for (const notice of notices) {
    if (seen.size === MOST_NOTICES) break;
    seen.set(JSON.stringify(notice), notice);
  }
  return [...seen.values()];
}

function planContainer(pod: PodDraft, target: Target, selector: Selector): Drafted {
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
    const choice = selected ? { ok: true as const, value: profile } : { ok: false as const, reason };
    tellChoice(pod.layers.trace, SELECTION, { container: name, profile: profile.name }, choice);
    return selected;
  };
  const profiles = profilesFor(pod.layers, name);
  tellProfiles(pod.layers, name, profiles);
  const outcomes = profiles.ok
    ? profiles.value.filter(isFor).map((profile) => planProfile(profile, into))
    : [skipped(name, undefined, profiles.reason)];
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

function tellProfiles({ trace }: Layers, container: string, profiles: Choice<readonly Profile[]>): void {
  const none = profiles.ok && profiles.value.length === 0;
  tellChoice(trace, PROFILE, { container }, none ? { ok: false, reason: { code: 'no-profile' } } : profiles);
}

function planProfile(profile: Profile, into: ContainerDraft): ContainerOutcome {
  const container = into.target.container.name;
  const result = planAgent(profile, into);
  if (!result.ok) return skipped(container, profile.name, result.reason);
  const { delivery, passedOver }: ChosenDelivery = result.value.chosen;
  const { parameters, additions } = result.value;
  const what = { profile: profile.name, hash: profileHash(profile), delivery: delivery.name, passedOver };
  return { outcome: 'injected', container, ...what, parameters, additions };
}

function skipped(container: string, profile: string | undefined, reason: Reason): ContainerOutcome {
  return { outcome: 'skipped', container, profile, reason };
}
