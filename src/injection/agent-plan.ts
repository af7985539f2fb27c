import { takenPaths } from '../kubernetes/mount-path.ts';
import { isObject } from '../lib/json.ts';
import { type ConditionContext, isMet } from '../profiles/condition.ts';
import type { DeclaredValue, EnvironmentEntry } from '../profiles/environment.ts';
import { ContainerView } from '../profiles/matcher.ts';
import type { Profile } from '../profiles/profile.ts';
import { escapeForKubelet, render, renderIfGiven } from '../profiles/template.ts';
import type { Result } from '../lib/result.ts';
import type { Reason } from '../reasons/reason.ts';
import { builtinValues } from '../settings/builtin-values.ts';
import { positionFor } from '../settings/init-position.ts';
import { type Parameters, parametersFor, parameterTexts } from '../settings/parameters.ts';
import { incompatibility } from './compatibility.ts';
import { alreadyInstrumented, conflictRules, occupySlots } from './conflict-rules.ts';
import { advisoriesFor, type ConflictContext, withoutOwnText } from './conflicts.ts';
import { chooseDelivery, type ChosenDelivery } from './delivery/choose.ts';
import type { ContainerDraft } from './draft.ts';
import { envFromPresence } from './env/env-from.ts';
import type { OwnOperation, Value } from './env/merge.ts';
import { type EnvironmentStep, planEnvironment } from './env/plan.ts';
import { type Files, planFiles } from './files/mounts.ts';
import type { Additions } from './outcome.ts';
import { firstReason, traceResult, tracer } from './trace.ts';
import { variantsFor } from './variants.ts';

export interface PlannedAgent {
  readonly chosen: ChosenDelivery;
  readonly parameters: Parameters;
  readonly additions: Additions;
}

/** One agent into one container. Nothing is written to the draft before everything is known to fit. */
export function planAgent(profile: Profile, into: ContainerDraft): Result<PlannedAgent, Reason> {
  const { context } = into.pod;
  const { container } = into.target;
  const { trace } = context;
  const unfit = incompatibility(context, profile, container);
  if (unfit) return { ok: false, error: unfit };
  const facts = builtinValues(context, container);
  const about = { container: container.name, profile: profile.name };
  const resolved = parametersFor(context, profile, container.name, facts);
  into.notices.push(...resolved.notices);
  traceResult(trace, VALUES, about, resolved.parameters);
  if (!resolved.parameters.ok) return resolved.parameters;
  const parameters = resolved.parameters.value;
  trace?.({ kind: 'parameters', about, parameters });

  const values = new Map([
    ...facts,
    ...parameterTexts(parameters),
    ...variantsFor(context, profile, container, parameters),
  ]);
  const chosen = chooseDelivery(context, profile, values);

  const conflict = meet(profile, into, circumstancesOf(into, values, chosen));
  const obstacle = firstReason(conflictRules, { context: conflict, into }, trace && tracer(trace, 'conflicts', about));
  if (obstacle) return { ok: false, error: obstacle };
  traceResult(trace, DELIVERY, about, chosen);
  if (!chosen.ok) return chosen;
  trace?.({ kind: 'delivery', about, chosen: chosen.value });
  const written = write(conflict, into, chosen.value);
  if (!written.ok) return written;
  into.notices.push(...advisoriesFor(conflict));
  into.written.push(...conflict.own);
  return { ok: true, value: { chosen: chosen.value, parameters, additions: written.value } };
}

const VALUES = {
  stage: 'parameters',
  name: 'values',
  holds: 'every parameter that must have a value has one, and each is one that it can have',
} as const;

const DELIVERY = {
  stage: 'delivery',
  name: 'delivery',
  holds: 'a delivery fits the pod, its namespace and the cluster',
} as const;

const FILES = { stage: 'files', name: 'mounts', holds: 'nothing else is mounted where its files must be' } as const;

const ENVIRONMENT = {
  stage: 'environment',
  name: 'proven',
  holds: 'every variable that its variables refer to is known to be there',
} as const;

/** Plans files and environment, and commits both if both can be. */
function write(conflict: Prepared, into: ContainerDraft, chosen: ChosenDelivery): Result<Additions, Reason> {
  const { profile, circumstances } = conflict;
  const { container } = into.target;
  const taken = takenPaths(into.mounts, container['volumeDevices']);
  const { values } = circumstances;
  const { annotations } = into.pod;
  const { trace } = into.pod.context;
  const about = { container: container.name, profile: profile.name };
  const { delivery } = chosen;
  const request = { profile, delivery, target: into.target, values, circumstances, taken, annotations };
  const files = planFiles(request, into.pod.volumes, into.pod.initContainers);
  traceResult(trace, FILES, about, files);
  if (!files.ok) return files;
  const environment = stepsFor(conflict, into);
  traceResult(trace, ENVIRONMENT, about, environment);
  if (!environment.ok) return environment;
  const steps = environment.value;
  if (steps.length === 0 && files.value.mounts.length === 0)
    return { ok: false, error: alreadyInstrumented(profile, into) };
  return { ok: true, value: commit(profile, into, { files: files.value, steps, chosen, values }) };
}

function stepsFor(
  { profile, own, envFrom: provided }: Prepared,
  into: ContainerDraft,
): Result<readonly EnvironmentStep[], Reason> {
  const planned = planEnvironment(into.environment, own, provided);
  if (planned.ok) return { ok: true, value: planned.steps };
  const { variable, why } = planned;
  return { ok: false, error: { code: 'unproven-variable', variable, why, profile: profile.name } };
}

function circumstancesOf(
  { pod, target: { container } }: ContainerDraft,
  values: ReadonlyMap<string, string>,
  chosen: Result<ChosenDelivery, Reason>,
): ConditionContext {
  const context = container['securityContext'];
  const isWindows = pod.context.pod.spec.os?.['name'] === 'windows';
  return {
    values,
    readOnlyRootFilesystem: !isWindows && isObject(context) && context['readOnlyRootFilesystem'] === true,
    readOnlyFiles: chosen.ok && chosen.value.delivery.readOnly,
  };
}

interface Prepared extends ConflictContext {
  readonly circumstances: ConditionContext;
}

/** The profile's entries with their values made, and what they would meet in the container. */
function meet(profile: Profile, into: ContainerDraft, circumstances: ConditionContext): Prepared {
  const { context, volumeNames } = into.pod;
  const { container } = into.target;
  const view = new ContainerView(container, into.environment, volumeNames);
  const own = profile.environment
    .filter(({ when }) => isMet(when, circumstances))
    .map((entry) => ({ name: entry.name, group: entry.group, operation: operationOf(entry, circumstances.values) }));
  return {
    profile,
    circumstances,
    catalogue: context.catalogue,
    view,
    others: withoutOwnText(view, [...into.written, ...own]),
    own,
    envFrom: envFromPresence(context, container),
  };
}

function operationOf({ operation }: EnvironmentEntry, values: ReadonlyMap<string, string>): OwnOperation {
  return { ...operation, value: valueOf(operation.value, values) };
}

function valueOf(value: DeclaredValue, values: ReadonlyMap<string, string>): Value {
  if ('text' in value) return { text: render(value.text, values, escapeForKubelet) };
  const fields = [...value.fields].map(([field, template]) => [field, render(template, values)] as const);
  return { valueFrom: { [value.reference]: { ...Object.fromEntries(fields), ...value.rest } } };
}

interface Commitment {
  readonly files: Files;
  readonly steps: readonly EnvironmentStep[];
  readonly chosen: ChosenDelivery;
  readonly values: ReadonlyMap<string, string>;
}

function commit(profile: Profile, into: ContainerDraft, commitment: Commitment): Additions {
  const { files, steps } = commitment;
  for (const step of steps) into.environment.splice(step.index, step.kind === 'insert' ? 0 : 1, step.entry);
  into.steps.push(...steps);
  into.mounts.push(...files.mounts);
  occupySlots(profile, into);
  const { changes } = into.pod;
  for (const [name, change] of profile.changes) if (changes.get(name) !== 'replaces') changes.set(name, change);
  const namesOf = (kind: EnvironmentStep['kind']): readonly string[] =>
    steps.flatMap((step) => (step.kind === kind ? [step.entry.name] : []));
  return {
    added: namesOf('insert'),
    changed: namesOf('replace'),
    mounts: new Map(files.mounts.map(({ mountPath, name }) => [mountPath, name])),
    ...commitFiles(into, commitment),
  };
}

/** Writes what the pod gets to its draft, and gives back what is new of it. */
function commitFiles(
  { pod, target }: ContainerDraft,
  { files, chosen, values }: Commitment,
): Pick<Additions, 'initContainer' | 'annotations'> {
  const annotations: string[] = [];
  for (const volume of files.volumes) pod.volumes.add(volume);
  for (const name of files.local) pod.evictable.add(name);
  for (const [name, text] of files.annotations) {
    if (pod.annotations.get(name) !== text) {
      pod.added.set(name, text);
      annotations.push(name);
    }
    pod.annotations.set(name, text);
  }
  const wanted = files.initContainer;
  const initContainer =
    wanted && pod.initContainers.add(wanted, target, positionFor(pod.context, wanted.copy.position));
  for (const name of renderIfGiven(chosen.delivery.pullSecret, values))
    if (files.mounts.length > 0) pod.pullSecrets.add(name);
  return { initContainer, annotations };
}
