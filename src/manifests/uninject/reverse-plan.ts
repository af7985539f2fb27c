import { INJECTED_LABEL, MULTIPLE, STATUS_ANNOTATION } from '../../api/keys.ts';
import { type InjectedStatus, isCut, isInjected, namesIn, readStatus } from '../../api/status-annotation.ts';
import { annotationsOf, type Container, labelsOf, type Pod } from '../../kubernetes/pod.ts';
import { EVICTION_ANNOTATION } from '../../kubernetes/safe-to-evict.ts';
import { pointer } from '../../lib/json-patch.ts';
import { isObject, type Json } from '../../lib/json.ts';
import type { Result } from '../../lib/result.ts';
import type { Catalogue } from '../../profiles/catalogue.ts';
import type { Profile } from '../../profiles/profile.ts';
import { parametersOf, render, type Template } from '../../profiles/template.ts';
import { valueBefore } from './value-before.ts';

/** The changes that an injection made to a pod: paths of additions, and paths of changed strings with their value before. */
export interface ReversePlan {
  readonly added: ReadonlySet<string>;
  readonly changed: ReadonlyMap<string, string>;
}

/**
 * Finds the injected parts of a pod by its status annotation and the profiles. The result must be verified: the annotation may be wrong, and the
 * pod may have been changed since. Undefined for a pod without a record of an injection; the error is a sentence fragment.
 */
export function planReverse(pod: Pod, catalogue: Catalogue): Result<ReversePlan, string> | undefined {
  const record = readStatus(pod);
  if (!record || record.decision !== 'injected') return undefined;
  if (record.more > 0) return { ok: false, error: 'the status annotation does not list all containers' };
  const planner = new ReversePlanner(pod, catalogue);
  const statuses = record.containers.filter(isInjected);
  for (const status of statuses.toReversed()) {
    const error = planner.addContainer(status);
    if (error !== undefined) return { ok: false, error };
  }
  planner.addShared(statuses);
  return { ok: true, value: planner };
}

interface LocatedContainer {
  readonly path: string;
  readonly container: Container;
}

class ReversePlanner implements ReversePlan {
  readonly added = new Set<string>([pointer('metadata', 'annotations', STATUS_ANNOTATION)]);
  readonly changed = new Map<string, string>();
  readonly #pod: Pod;
  readonly #catalogue: Catalogue;
  readonly #containers: readonly LocatedContainer[];
  readonly #volumes = new Set<string>();

  constructor(pod: Pod, catalogue: Catalogue) {
    this.#pod = pod;
    this.#catalogue = catalogue;
    this.#containers = (['containers', 'initContainers'] as const).flatMap((list) =>
      (pod.spec[list] ?? []).map((container, index) => ({ path: pointer('spec', list, index), container })),
    );
  }

  addContainer(status: InjectedStatus): string | undefined {
    const { container: name, profile: profileName, init, annotations } = status;
    const located = this.#containers.find(({ container }) => container.name === name);
    const profile = this.#catalogue.profiles.get(profileName);
    if (!located) return `the status annotation lists container ${name}, which the pod does not have`;
    if (!profile) return `profile ${profileName} is unknown: give its directory with --profiles`;
    const error =
      incompleteRecord(status) ??
      this.#addVariables(located, status) ??
      this.#restoreVariables(located, status, profile) ??
      this.#addMounts(located, status);
    if (error !== undefined) return error;
    this.#addInitContainer(init);
    for (const annotation of namesIn(annotations)) this.added.add(pointer('metadata', 'annotations', annotation));
    return undefined;
  }

  #addVariables({ path, container }: LocatedContainer, status: InjectedStatus): string | undefined {
    for (const name of namesIn(status.env)) {
      const index = (container.env ?? []).findLastIndex((one) => one.name === name);
      if (index < 0) return `variable ${name} of container ${container.name} is missing`;
      this.added.add(path + pointer('env', index));
    }
    return undefined;
  }

  #restoreVariables(
    { path, container }: LocatedContainer,
    status: InjectedStatus,
    profile: Profile,
  ): string | undefined {
    const env = container.env ?? [];
    const added = namesIn(status.env);
    // A variable that was added and then extended is removed as a whole.
    for (const name of new Set(namesIn(status.changed).filter((one) => !added.includes(one)))) {
      const index = env.findLastIndex((one) => one.name === name);
      const variablePath = path + pointer('env', index);
      const original = added.find((one) => name.startsWith(`${one}_ORIGINAL`));
      const value = this.changed.get(`${variablePath}/value`) ?? env[index]?.value;
      const entries = profile.environment.filter((one) => one.name === name);
      const injection = { container: container.name, pod: this.#pod, unset: unsetIn(status, profile) };
      const before = original ?? (value === undefined ? undefined : valueBefore(value, entries, injection));
      if (before === undefined)
        return `the original value of variable ${name} in container ${container.name} cannot be determined`;
      this.changed.set(`${variablePath}/${original === undefined ? 'value' : 'name'}`, before);
    }
    return undefined;
  }

  #addMounts({ path, container }: LocatedContainer, { mounts = {} }: InjectedStatus): string | undefined {
    for (const [mountPath, volume] of Object.entries(mounts)) {
      const index = (container.volumeMounts ?? []).findIndex(
        (one) => one.mountPath === mountPath && one.name === volume,
      );
      if (index < 0) return `the mount at ${mountPath} of container ${container.name} is missing`;
      this.added.add(path + pointer('volumeMounts', index));
      this.#volumes.add(volume);
    }
    return undefined;
  }

  #addInitContainer(name: string | undefined): void {
    const index = (this.#pod.spec.initContainers ?? []).findIndex((one) => one.name === name);
    if (index < 0) return;
    this.added.add(pointer('spec', 'initContainers', index));
    for (const mount of this.#pod.spec.initContainers?.[index]?.volumeMounts ?? []) this.#volumes.add(mount.name);
  }

  addShared(statuses: readonly InjectedStatus[]): void {
    const stillMounted = new Set(
      this.#containers
        .filter(({ path }) => !this.added.has(path))
        .flatMap(({ path, container }) =>
          (container.volumeMounts ?? []).filter((_, index) => !this.added.has(path + pointer('volumeMounts', index))),
        )
        .map(({ name }) => name),
    );
    // An injected mount may use a volume of the author's with the same files; injected volumes are named after their profile.
    const isInjectedVolume = (name: string): boolean =>
      this.#volumes.has(name) &&
      !stillMounted.has(name) &&
      statuses.some(({ profile }) => name === profile || name.startsWith(`${profile}-`));
    const names = (this.#pod.spec.volumes ?? []).map(({ name }) => name);
    for (const [index, name] of names.entries())
      if (isInjectedVolume(name)) this.added.add(pointer('spec', 'volumes', index));
    const label = labelsOf(this.#pod)[INJECTED_LABEL];
    if (label === MULTIPLE || statuses.some(({ profile }) => profile === label))
      this.added.add(pointer('metadata', 'labels', INJECTED_LABEL));
    this.#addEvictable(names.filter(isInjectedVolume));
    this.#addPullSecrets(statuses);
  }

  #addEvictable(volumes: readonly string[]): void {
    const names = annotationsOf(this.#pod)[EVICTION_ANNOTATION]?.split(',') ?? [];
    const kept = names.slice(0, names.findLastIndex((name) => !volumes.includes(name)) + 1);
    const path = pointer('metadata', 'annotations', EVICTION_ANNOTATION);
    if (kept.length === names.length) return;
    if (kept.length === 0) this.added.add(path);
    else this.changed.set(path, kept.join(','));
  }

  #addPullSecrets(statuses: readonly InjectedStatus[]): void {
    const list = this.#pod.spec['imagePullSecrets'];
    const names = Array.isArray(list) ? list.map((one: Json) => (isObject(one) ? one['name'] : undefined)) : [];
    const templates = statuses.flatMap(({ profile, delivery }) =>
      (this.#catalogue.profiles.get(profile)?.deliveries ?? []).flatMap((one) =>
        one.name === delivery && one.pullSecret ? [one.pullSecret] : [],
      ),
    );
    const isAdded = (name: Json | undefined): boolean =>
      typeof name === 'string' && templates.some((template) => couldRenderTo(template, name));
    for (let index = names.length - 1; isAdded(names[index]); index--)
      this.added.add(pointer('spec', 'imagePullSecrets', index));
  }
}

function incompleteRecord({ container, env, changed, mounts }: InjectedStatus): string | undefined {
  if (env === undefined && changed === undefined && mounts === undefined)
    return `the status annotation of container ${container} does not list what was added`;
  const isTruncated = [env, changed].some(isCut);
  return isTruncated ? `the status annotation of container ${container} is truncated` : undefined;
}

/** Always true with a parameter in the template: its value is unknown. */
function couldRenderTo(template: Template, name: string): boolean {
  return parametersOf(template).length > 0 || render(template, new Map()) === name;
}

/** The parameters that the record lists at no level; none if it does not list all. */
function unsetIn({ from = {} }: InjectedStatus, { parameters }: Profile): ReadonlySet<string> {
  const lists = Object.values(from);
  if (lists.some(isCut)) return new Set();
  const set = new Set(lists.flatMap(namesIn));
  return new Set([...parameters.keys()].filter((name) => !set.has(name)));
}
