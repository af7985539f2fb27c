import { STATUS_ANNOTATION } from '../../api/keys.ts';
import { type InjectedStatus, isInjected, readStatus } from '../../api/status-annotation.ts';
import { annotationsOf, type Container, type ContainerList, type Pod } from '../../kubernetes/pod.ts';
import { EVICTION_ANNOTATION } from '../../kubernetes/safe-to-evict.ts';
import { pointer } from '../../lib/json-patch.ts';
import { isObject, type Json } from '../../lib/json.ts';
import type { Catalogue } from '../../profiles/catalogue.ts';
import type { Profile } from '../../profiles/profile.ts';
import { parametersOf, render, type Template } from '../../profiles/template.ts';
import { valueBefore } from './value-before.ts';

/** What an injection put into a pod, as places in it: paths of what was added, and of texts that were changed with what they were. */
export interface ReversePlan {
  readonly added: ReadonlySet<string>;
  readonly changed: ReadonlyMap<string, string>;
}

export type ReversePlanResult =
  | { readonly kind: 'undo'; readonly undoing: ReversePlan }
  /** There is no record of an injection: nothing is to be done. */
  | { readonly kind: 'nothing' }
  /** A sentence without a capital and a full stop. */
  | { readonly kind: 'unknown'; readonly why: string };

/**
 * Where our parts are in a pod, by the record on it and the profiles: nothing of what is not recorded. What it comes to has to be tried: the
 * record may be wrong, and the pod may have been changed since.
 */
export function planReverse(pod: Pod, catalogue: Catalogue): ReversePlanResult {
  const record = readStatus(pod);
  if (!record || record.decision !== 'injected') return { kind: 'nothing' };
  if (record.more > 0) return { kind: 'unknown', why: 'the record does not tell of all containers' };
  const search = new Search(pod, catalogue);
  const lines = record.containers.filter(isInjected);
  for (const line of lines.toReversed()) {
    const why = search.take(line);
    if (why !== undefined) return { kind: 'unknown', why };
  }
  search.takeWhatIsShared(lines);
  return { kind: 'undo', undoing: { added: search.added, changed: search.changed } };
}

interface Place {
  readonly path: string;
  readonly container: Container;
}

class Search {
  readonly added = new Set<string>([pointer('metadata', 'annotations', STATUS_ANNOTATION)]);
  readonly changed = new Map<string, string>();
  private readonly pod: Pod;
  private readonly catalogue: Catalogue;
  /** The names of the volumes that our mounts and init containers use. */
  private readonly volumes = new Set<string>();

  constructor(pod: Pod, catalogue: Catalogue) {
    this.pod = pod;
    this.catalogue = catalogue;
  }

  /** Takes what one line of the record tells of; a sentence where it cannot. */
  take(line: InjectedStatus): string | undefined {
    const { container: name, profile: profileName } = line;
    const place = this.places().find(({ container }) => container.name === name);
    const profile = this.catalogue.profiles.get(profileName);
    if (!place) return `the record tells of container ${name}, which is not there`;
    if (!profile) return `there is no profile ${profileName} (see --profiles)`;
    if (line.env === undefined && line.changed === undefined && line.mounts === undefined)
      return `the record of container ${name} does not tell what was added`;
    if ([line.env, line.changed].some((text) => text?.endsWith('…'))) return `the record of container ${name} is cut`;
    const missing = this.takeVariables(place, line, profile) ?? this.takeMounts(place, line);
    if (missing !== undefined) return missing;
    this.takeInitContainer(line.init);
    for (const annotation of namesIn(line.annotations)) this.added.add(pointer('metadata', 'annotations', annotation));
    return undefined;
  }

  private places(): readonly Place[] {
    const of = (list: ContainerList): readonly Place[] =>
      (this.pod.spec[list] ?? []).map((container, index) => ({ path: pointer('spec', list, index), container }));
    return [...of('containers'), ...of('initContainers')];
  }

  private takeVariables({ path, container }: Place, line: InjectedStatus, profile: Profile): string | undefined {
    const env = container.env ?? [];
    const added = new Set(namesIn(line.env));
    for (const name of added) {
      const index = env.findLastIndex((one) => one.name === name);
      if (index < 0) return `variable ${name} of container ${container.name} is not there any more`;
      this.added.add(`${path}${pointer('env', index)}`);
    }
    // A variable that was added and then added to is ours as a whole.
    for (const name of new Set(namesIn(line.changed).filter((one) => !added.has(one)))) {
      const index = env.findLastIndex((one) => one.name === name);
      const at = `${path}${pointer('env', index)}`;
      const renamed = [...added].find((one) => name.startsWith(`${one}_ORIGINAL`));
      if (renamed !== undefined) {
        this.changed.set(`${at}/name`, renamed);
        continue;
      }
      const value = this.changed.get(`${at}/value`) ?? env[index]?.value;
      const entries = profile.environment.filter((one) => one.name === name);
      const before = value === undefined ? undefined : valueBefore(value, entries);
      if (before === undefined) return `what ${name} of container ${container.name} held before cannot be told`;
      this.changed.set(`${at}/value`, before);
    }
    return undefined;
  }

  private takeMounts({ path, container }: Place, { mounts = {} }: InjectedStatus): string | undefined {
    for (const [mountPath, volume] of Object.entries(mounts)) {
      const index = (container.volumeMounts ?? []).findIndex(
        (one) => one.mountPath === mountPath && one.name === volume,
      );
      if (index < 0) return `the mount ${mountPath} of container ${container.name} is not there any more`;
      this.added.add(`${path}${pointer('volumeMounts', index)}`);
      this.volumes.add(volume);
    }
    return undefined;
  }

  private takeInitContainer(name: string | undefined): void {
    const index = (this.pod.spec.initContainers ?? []).findIndex((one) => one.name === name);
    if (index < 0) return;
    this.added.add(pointer('spec', 'initContainers', index));
    for (const mount of this.pod.spec.initContainers?.[index]?.volumeMounts ?? []) this.volumes.add(mount.name);
  }

  /** What the containers have in common: volumes that nobody else mounts, their names in an annotation, secrets for images. */
  takeWhatIsShared(lines: readonly InjectedStatus[]): void {
    const used = new Set(
      this.places()
        .filter(({ path }) => !this.added.has(path))
        .flatMap(({ path, container }) =>
          (container.volumeMounts ?? []).filter(
            (_, index) => !this.added.has(`${path}${pointer('volumeMounts', index)}`),
          ),
        )
        .map(({ name }) => name),
    );
    const volumes = this.pod.spec.volumes ?? [];
    // An author's volume with the same files is mounted, too, where there is one; ours bear the name of their profile.
    const isOurs = (name: string): boolean =>
      lines.some(({ profile }) => name === profile || name.startsWith(`${profile}-`));
    const ours = volumes
      .map(({ name }) => name)
      .filter((name) => this.volumes.has(name) && isOurs(name) && !used.has(name));
    for (const name of ours)
      this.added.add(
        pointer(
          'spec',
          'volumes',
          volumes.findIndex((one) => one.name === name),
        ),
      );
    this.takeEvictable(ours);
    this.takeSecrets(lines);
  }

  private takeEvictable(ours: readonly string[]): void {
    const text = annotationsOf(this.pod)[EVICTION_ANNOTATION];
    if (text === undefined) return;
    const names = text.split(',');
    let count = names.length;
    while (count > 0 && ours.includes(names[count - 1] ?? '')) count--;
    const path = pointer('metadata', 'annotations', EVICTION_ANNOTATION);
    if (count === 0) this.added.add(path);
    else if (count < names.length) this.changed.set(path, names.slice(0, count).join(','));
  }

  private takeSecrets(lines: readonly InjectedStatus[]): void {
    const list = this.pod.spec['imagePullSecrets'];
    const names = Array.isArray(list) ? list.map((one: Json) => (isObject(one) ? one['name'] : undefined)) : [];
    const templates = lines.flatMap(({ profile, delivery }) =>
      (this.catalogue.profiles.get(profile)?.deliveries ?? []).flatMap((one) =>
        one.name === delivery && one.pullSecret ? [one.pullSecret] : [],
      ),
    );
    for (let index = names.length - 1; index >= 0; index--) {
      const name = names[index];
      if (typeof name !== 'string' || !templates.some((template) => couldBe(template, name))) return;
      this.added.add(pointer('spec', 'imagePullSecrets', index));
    }
  }
}

function namesIn(text: string | undefined): readonly string[] {
  return text === undefined || text === '' ? [] : text.split(',');
}

/** A name with a parameter in it could be any. */
function couldBe(template: Template, name: string): boolean {
  return parametersOf(template).length > 0 || render(template, new Map()) === name;
}
