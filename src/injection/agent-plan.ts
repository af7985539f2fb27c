import { type TakenPath, takenPaths } from '../kubernetes/mount-path.ts';
import { isObject } from '../lib/json.ts';
import type { Result } from '../lib/result.ts';
import type { ConditionContext } from '../profiles/condition.ts';
import type { Delivery } from '../profiles/delivery.ts';
import type { Profile } from '../profiles/profile.ts';
import { renderIfGiven } from '../profiles/template.ts';
import type { Reason } from '../reasons/reason.ts';
import { builtinValues } from '../settings/builtin-values.ts';
import { positionFor } from '../settings/init-position.ts';
import { type Parameters, parametersFor, parameterTexts } from '../settings/parameters.ts';
import { incompatibility } from './compatibility.ts';
import {
  advisoriesFor,
  alreadyInstrumented,
  type ConflictContext,
  conflictContext,
  conflictRules,
  occupySlots,
} from './conflicts.ts';
import { chooseDelivery, type ChosenDelivery } from './delivery/choose.ts';
import { unusedParameters } from './delivery/unused-parameters.ts';
import type { ContainerDraft } from './draft.ts';
import { applySteps, type EnvironmentStep, planEnvironment } from './env/plan.ts';
import type { EnvFromLookup } from './env/env-from.ts';
import { imageValues } from './image/value.ts';
import { resolveEntries } from './env/resolve-entries.ts';
import { addConfigFiles } from './files/config-files.ts';
import { addObjects } from './files/objects.ts';
import { hasFiles } from './files/present-files.ts';
import { type FileRequest, type PlannedFiles, planFiles } from './files/mounts.ts';
import type { Additions } from './outcome.ts';
import { imageEffect } from './image/container-image.ts';
import { imageConflict } from './image/conflict.ts';
import { firstReason, type Rule } from './rule.ts';
import { traceResult, tracer } from './trace.ts';
import { variantsFor } from './variants.ts';

export interface PlannedAgent {
  readonly chosen: ChosenDelivery;
  readonly parameters: Parameters;
  readonly additions: Additions;
}

/** Plans one agent for one container. Changes the draft only once the agent is known to fit as a whole. */
export function planAgent(profile: Profile, draft: ContainerDraft): Result<PlannedAgent, Reason> {
  const { context } = draft.podDraft;
  const { trace } = context;
  const { container } = draft.target;
  const incompatible = incompatibility(context, profile, container);
  if (incompatible) return { ok: false, error: incompatible };
  const scope = { container: container.name, profile: profile.name };
  const builtins = builtinValues(context, container, profile);
  const resolved = parametersFor(context, profile, container.name, builtins);
  draft.notices.push(...resolved.notices);
  traceResult(trace, VALUES, scope, resolved.parameters);
  if (!resolved.parameters.ok) return resolved.parameters;
  const parameters = resolved.parameters.value;
  const variants = variantsFor(context, profile, container, parameters);
  const values = new Map([...builtins, ...parameterTexts(parameters), ...variants]);
  const chosen = chooseDelivery(context, profile, values, container.name);
  const conditions = conditionsFor(draft, values, chosen);
  const conflicts = conflictContext(profile, draft, resolveEntries(profile, conditions, context.pod), () =>
    hasFiles({ profile, draft, conditions, takenPaths: pathsOf(draft) }, chosen),
  );
  const conflict = firstReason(CONFLICTS, conflicts, trace && tracer(trace, 'conflicts', scope));
  if (conflict) return { ok: false, error: conflict };
  traceResult(trace, DELIVERY, scope, chosen);
  if (!chosen.ok) return chosen;
  trace?.({ kind: 'delivery', scope, chosen: chosen.value });
  const additions = planAdditions(conflicts, chosen.value.delivery, conditions);
  if (!additions.ok) return additions;
  draft.notices.push(...advisoriesFor(conflicts), ...unusedParameters(profile, chosen.value.delivery, parameters));
  draft.entries.push(...conflicts.entries);
  return { ok: true, value: { chosen: chosen.value, parameters, additions: additions.value } };
}

const CONFLICTS: readonly Rule<ConflictContext>[] = [
  ...conflictRules,
  {
    name: 'image',
    holds: 'nothing that is known of the image conflicts with the agent',
    evaluate: imageConflict,
  },
];

const VALUES = {
  stage: 'parameters',
  name: 'values',
  holds: 'every required parameter has a value, and every value is valid',
} as const;

const DELIVERY = {
  stage: 'delivery',
  name: 'delivery',
  holds: 'a delivery is possible for the pod, its namespace and the cluster',
} as const;

const FILES = {
  stage: 'files',
  name: 'mounts',
  holds: 'no other volume is mounted where the agent has files, or read-only above them',
} as const;

const ENVIRONMENT = {
  stage: 'environment',
  name: 'proven',
  holds: "every variable that the agent's variables refer to is certain to exist",
} as const;

function planAdditions(
  { profile, draft, entries, envFrom, hasFiles: isThere }: ConflictContext,
  delivery: Delivery,
  conditions: ConditionContext,
): Result<Additions, Reason> {
  const { container } = draft.target;
  const { trace } = draft.podDraft.context;
  const scope = { container: container.name, profile: profile.name };
  const request = { profile, delivery, draft, conditions, takenPaths: pathsOf(draft) };
  const planned = planFiles(request);
  const configured = planned.ok ? addConfigFiles(request, planned.value) : planned;
  const files = configured.ok ? addObjects(request, configured.value) : configured;
  traceResult(trace, FILES, scope, files);
  if (!files.ok) return files;
  const environment = planEnvironment(draft.environment, entries, envFrom, imageValues(draft.image?.facts));
  const steps: Result<readonly EnvironmentStep[], Reason> = environment.ok
    ? environment
    : { ok: false, error: { code: 'unproven-variable', ...environment.error, profile: profile.name } };
  traceResult(trace, ENVIRONMENT, scope, steps);
  if (!steps.ok) return steps;
  if (steps.value.length === 0 && files.value.mounts.length === 0)
    return { ok: false, error: alreadyInstrumented(profile, draft, isThere()) };
  return { ok: true, value: commit(request, files.value, steps.value, envFrom) };
}

function pathsOf({ podDraft, mounts, target: { container } }: ContainerDraft): readonly TakenPath[] {
  return takenPaths(mounts, container['volumeDevices'], (name) => podDraft.volumes.named(name));
}

function conditionsFor(
  { podDraft, target: { container } }: ContainerDraft,
  values: ReadonlyMap<string, string>,
  chosen: Result<ChosenDelivery, Reason>,
): ConditionContext {
  const context = container['securityContext'];
  const isWindows = podDraft.context.pod.spec.os?.['name'] === 'windows';
  return {
    values,
    readOnlyRootFilesystem: !isWindows && isObject(context) && context['readOnlyRootFilesystem'] === true,
    readOnlyFiles: chosen.ok && chosen.value.delivery.readOnly,
  };
}

function commit(
  request: FileRequest,
  files: PlannedFiles,
  steps: readonly EnvironmentStep[],
  envFrom: EnvFromLookup,
): Additions {
  const { profile, draft } = request;
  applySteps(draft.environment, steps);
  draft.steps.push(...steps);
  draft.mounts.push(...files.mounts);
  occupySlots(profile, draft);
  const { changes } = draft.podDraft;
  for (const [name, change] of profile.changes) if (changes.get(name) !== 'replaces') changes.set(name, change);
  const namesOf = (kind: EnvironmentStep['kind']): readonly string[] =>
    steps.flatMap((step) => (step.kind === kind ? [step.entry.name] : []));
  const added = namesOf('insert');
  // A variable that `envFrom` has hides that of the image.
  const isSeen = (name: string): boolean => envFrom(name) === 'absent';
  const { notices, ...effect } = imageEffect(draft.image, profile, added.filter(isSeen), {
    container: draft.target.container.name,
    sources: draft.podDraft.context,
  });
  draft.notices.push(...notices);
  return {
    added,
    changed: namesOf('replace'),
    ...effect,
    mounts: new Map(files.mounts.map(({ mountPath, name }) => [mountPath, name])),
    ...commitToPod(request, files),
  };
}

function commitToPod(
  { delivery, draft: { podDraft, target }, conditions: { values } }: FileRequest,
  { volumes, mounts, initContainer: copier, annotations, nodeLocalVolumes }: PlannedFiles,
): Pick<Additions, 'initContainer' | 'annotations'> {
  const newAnnotations: string[] = [];
  for (const volume of volumes) podDraft.volumes.add(volume);
  for (const name of nodeLocalVolumes) podDraft.evictable.add(name);
  for (const [name, text] of annotations) {
    if (podDraft.annotations.get(name) === text) continue;
    podDraft.annotations.set(name, text);
    podDraft.newAnnotations.set(name, text);
    newAnnotations.push(name);
  }
  const initContainer =
    copier && podDraft.initContainers.add(copier, target, positionFor(podDraft.context, copier.copy.position));
  if (mounts.length > 0) for (const name of renderIfGiven(delivery.pullSecret, values)) podDraft.pullSecrets.add(name);
  return { initContainer, annotations: newAnnotations };
}
