import type { Catalogue } from './catalogue.ts';
import { chooseDelivery, planFiles, sourceOf, takenPaths, Volumes } from './delivery.ts';
import { containersOf, type EnvVar, type Pod, type Volume, type VolumeMount } from './pod.ts';
import type { Profile } from './profile.ts';
import type { Reason } from './reasons.ts';
import { parametersFor, profilesFor, textsOf, type Choice, type Layers, type Parameters } from './settings.ts';
import { conflictIn, entryOf, holds, type OwnEntry } from './slots.ts';
import type { Target } from './targets.ts';
import { escapeForKubelet, render } from './template.ts';

/** What is to be put into one container. */
export interface ContainerPlan {
  readonly target: Target;
  readonly environment: readonly EnvVar[];
  readonly mounts: readonly VolumeMount[];
}

/** What is to be put into the pod. Nothing is ever taken out, so a plan holds additions only. */
export interface Plan {
  readonly volumes: readonly Volume[];
  readonly containers: readonly ContainerPlan[];
}

/** What became of one profile in one container. */
export type ContainerOutcome =
  | {
      readonly outcome: 'injected';
      readonly container: string;
      readonly profile: string;
      readonly delivery: string;
      readonly parameters: Parameters;
    }
  | {
      readonly outcome: 'skipped';
      readonly container: string;
      readonly profile: string | undefined;
      readonly reason: Reason;
    };

/** Plans every profile of every target. Each agent goes into a container as a whole or not at all. */
export function makePlan(
  layers: Layers,
  targets: readonly Target[],
): { plan: Plan; outcomes: readonly ContainerOutcome[] } {
  const mounted = containersOf(layers.pod).flatMap(({ volumeMounts }) => volumeMounts ?? []);
  const volumes = new Volumes(layers.pod.spec.volumes ?? [], mounted);
  const containers: ContainerPlan[] = [];
  const outcomes: ContainerOutcome[] = [];
  for (const target of targets) {
    const { env, volumeMounts } = target.container;
    const into: ContainerDraft = { target, environment: [...(env ?? [])], mounts: [...(volumeMounts ?? [])], volumes };
    outcomes.push(...planContainer(layers, into));
    const environment = into.environment.slice(env?.length ?? 0);
    const mounts = into.mounts.slice(volumeMounts?.length ?? 0);
    if (environment.length + mounts.length > 0) containers.push({ target, environment, mounts });
  }
  return { plan: { volumes: volumes.added, containers }, outcomes };
}

function planContainer(layers: Layers, into: ContainerDraft): readonly ContainerOutcome[] {
  const container = into.target.container.name;
  const profiles = profilesFor(layers, container);
  if (!profiles.ok) return [{ outcome: 'skipped', container, profile: undefined, reason: profiles.reason }];
  return profiles.value.map((profile) => {
    const result = planAgent(layers, profile, into);
    return result.ok ? result.value : { outcome: 'skipped', container, profile: profile.name, reason: result.reason };
  });
}

/** A container with what was planned for it before, so that the next agent sees it. */
interface ContainerDraft {
  readonly target: Target;
  readonly environment: EnvVar[];
  readonly mounts: VolumeMount[];
  readonly volumes: Volumes;
}

/** One agent into one container. Nothing is written to the draft before everything is known to fit. */
function planAgent(layers: Layers, profile: Profile, into: ContainerDraft): Choice<ContainerOutcome> {
  const { target, environment } = into;
  const unfit = misfit(layers.pod, profile);
  if (unfit) return { ok: false, reason: unfit };
  const delivery = chooseDelivery(layers, profile);
  if (!delivery.ok) return delivery;
  const parameters = parametersFor(layers, profile, target.container.name);
  if (!parameters.ok) return parameters;

  const own = ownEntries(profile, parameters.value);
  const conflict = conflictFor(layers.catalogue, profile, environment, own);
  if (conflict) return { ok: false, reason: conflict };
  if (isInstrumented(environment, own)) {
    return { ok: false, reason: { code: 'already-instrumented', profile: profile.name } };
  }
  const files = planFiles(
    profile,
    sourceOf(delivery.value, parameters.value),
    into.volumes,
    takenPaths(into.mounts, target.container['volumeDevices']),
  );
  if (!files.ok) return files;

  const variables = own
    .filter((entry) => !entryOf(environment, entry.name))
    .map(({ name, value }) => ({ name, value }));
  if (variables.length === 0 && files.value.mounts.length === 0) {
    return { ok: false, reason: { code: 'already-instrumented', profile: profile.name } };
  }
  environment.push(...variables);
  into.mounts.push(...files.value.mounts);
  for (const volume of files.value.volumes) into.volumes.add(volume);
  return {
    ok: true,
    value: {
      outcome: 'injected',
      container: target.container.name,
      profile: profile.name,
      delivery: delivery.value.name,
      parameters: parameters.value,
    },
  };
}

/** Why an agent of this profile cannot run in the pod at all: `spec.os` says it, or the label that selects the node. */
function misfit(pod: Pod, profile: Profile): Reason | undefined {
  const named = pod.spec.os?.['name'] ?? pod.spec.nodeSelector?.['kubernetes.io/os'];
  if (typeof named !== 'string' || profile.os.includes(named)) return undefined;
  return { code: 'os-unsupported', os: named, profile: profile.name };
}

function ownEntries(profile: Profile, parameters: Parameters): readonly OwnEntry[] {
  const values = textsOf(parameters);
  return profile.environment.map((entry) => ({ ...entry, value: render(entry.value, values, escapeForKubelet) }));
}

function conflictFor(
  catalogue: Catalogue,
  profile: Profile,
  environment: readonly EnvVar[],
  own: readonly OwnEntry[],
): Reason | undefined {
  for (const name of profile.slots) {
    const slot = catalogue.slots.get(name);
    const conflict = slot && conflictIn(slot, environment, own);
    if (conflict) return conflict;
  }
  for (const entry of own) {
    const found = entry.group === undefined ? undefined : entryOf(environment, entry.name);
    if (found && !holds(found, entry.compare, entry.value)) {
      return { code: 'conflicting-variable', variable: entry.name, profile: profile.name };
    }
  }
  return undefined;
}

/**
 * An atomic set that is whole before we came makes the agent run: somebody put it there, by hand or by us, together with what it needs. Then
 * the rest is theirs to choose, too. (No conflict is left at this point, so presence is equality.)
 */
function isInstrumented(environment: readonly EnvVar[], own: readonly OwnEntry[]): boolean {
  const grouped = own.filter((entry) => entry.group !== undefined);
  return grouped.length > 0 && grouped.every((entry) => entryOf(environment, entry.name));
}
