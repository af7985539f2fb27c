import type { Position } from '../../api/profile/delivery.ts';
import type { LimitRangeItem } from '../../kubernetes/cluster-state.ts';
import { normalPath } from '../../kubernetes/mount-path.ts';
import { type Container, containersOf, type Pod } from '../../kubernetes/pod.ts';
import type { Json } from '../../lib/json.ts';
import type { CopyStep } from '../../profiles/delivery.ts';
import { render } from '../../profiles/template.ts';
import type { TargetContainer } from '../container-selection.ts';
import { type InitResources, initResources } from './init-resources.ts';
import { OPENSHIFT, securityContextFor } from './security-context.ts';
import { UniqueNames } from './unique-names.ts';

export interface InitContainerRequest {
  readonly profile: string;
  readonly copy: CopyStep;
  readonly volume: string;
  readonly values: ReadonlyMap<string, string>;
}

/** A new init container. The index counts in the list that the previous insertions have made. */
export interface Insertion {
  readonly index: number;
  readonly container: Container;
}

export class InitContainers {
  readonly added: Insertion[] = [];
  readonly #pod: Pod;
  readonly #original: readonly Container[];
  readonly #limitRanges: readonly LimitRangeItem[];
  readonly #isOpenShift: boolean;
  readonly #list: Container[];
  readonly #resources = new Map<CopyStep, InitResources>();
  readonly #names: UniqueNames;
  #omitsSeccomp = false;
  readonly #copiers = new Map<string, Container | undefined>();

  constructor(pod: Pod, limitRanges: readonly LimitRangeItem[], isOpenShift: boolean) {
    this.#pod = pod;
    this.#limitRanges = limitRanges;
    this.#isOpenShift = isOpenShift;
    this.#original = pod.spec.initContainers ?? [];
    this.#list = [...this.#original];
    this.#names = new UniqueNames(containersOf(pod).map(({ name }) => name));
  }

  /**
   * Returns the volume that an init container fills with these files already. If the target is an init container itself, only an init
   * container before it counts.
   */
  filledVolume(copy: CopyStep, values: ReadonlyMap<string, string>, target: TargetContainer): string | undefined {
    const files = copiedFiles(copy, values);
    const key = JSON.stringify(files);
    if (!this.#copiers.has(key)) {
      const existing = this.#original.find((container) => volumeFilledBy(container, files));
      this.#copiers.set(key, existing);
    }
    const copier = this.#copiers.get(key);
    return copier && this.#list.indexOf(copier) < this.#indexOf(target) ? volumeFilledBy(copier, files) : undefined;
  }

  /** True if one of those that were added leaves the seccomp profile to the cluster by a profile's or the cluster's word. */
  get omitsSeccomp(): boolean {
    return this.#omitsSeccomp;
  }

  /** Inserts an init container at the position, or before the target if that is an earlier init container. Returns its name. */
  add(request: InitContainerRequest, target: TargetContainer, position: Position): string {
    const container = this.#create(request, target);
    this.#omitsSeccomp ||= this.#omittedIn(request.copy).has('seccompProfile');
    const index = Math.min(this.#indexAt(position), this.#indexOf(target));
    this.#list.splice(index, 0, container);
    this.#names.add(container.name);
    this.added.push({ index, container });
    this.#copiers.set(JSON.stringify(copiedFiles(request.copy, request.values)), container);
    return container.name;
  }

  #omittedIn({ omitted }: CopyStep): CopyStep['omitted'] {
    return this.#isOpenShift ? OPENSHIFT : omitted;
  }

  #indexOf({ list, container: { name } }: TargetContainer): number {
    return list === 'containers' ? this.#list.length : this.#list.findIndex((one) => one.name === name);
  }

  #indexAt(position: Position): number {
    if (position === 'last') return this.#list.length;
    if (position === 'first') return 0;
    return Math.max(
      0,
      this.#list.findIndex(({ name }) => name === position.before),
    );
  }

  #create({ profile, copy, volume, values }: InitContainerRequest, target: TargetContainer): Container {
    if (!this.#resources.has(copy)) this.#resources.set(copy, initResources(this.#pod, copy, this.#limitRanges));
    const resources = this.#resources.get(copy);
    const { image, command } = copiedFiles(copy, values);
    return {
      name: this.#names.free(`${profile}-agent`),
      image,
      imagePullPolicy: copy.pullPolicy,
      command,
      ...(resources && { resources }),
      securityContext: securityContextFor(this.#pod, target.container, this.#omittedIn(copy)),
      volumeMounts: [{ name: volume, mountPath: copy.copyTo }],
    };
  }
}

interface CopiedFiles {
  readonly image: string;
  readonly command: readonly string[];
  readonly copyTo: string;
}

function copiedFiles({ image, command, copyTo }: CopyStep, values: ReadonlyMap<string, string>): CopiedFiles {
  return { image: render(image, values), command: command.map((word) => render(word, values)), copyTo };
}

/** Returns the volume that the init container fills with the files. A subPath does not count: the files would be elsewhere in the volume. */
function volumeFilledBy(container: Container, { image, command, copyTo }: CopiedFiles): string | undefined {
  if (!isSameCommand(container['command'], command) || !isSameImage(container['image'], image)) return undefined;
  const mount = container.volumeMounts?.find(({ mountPath }) => normalPath(mountPath) === copyTo);
  return mount && !mount['subPath'] && !mount['subPathExpr'] ? mount.name : undefined;
}

/** Accepts a mirror of the image, and a digest in place of its tag: another webhook may have rewritten the reference. */
function isSameImage(found: Json | undefined, expected: string): boolean {
  if (typeof found !== 'string') return false;
  const [one, other] = [imageParts(found), imageParts(expected)];
  if (one.name !== other.name) return false;
  if (one.digest !== '' && other.digest !== '') return one.digest === other.digest;
  return one.tag === other.tag || (one.tag === '' && one.digest !== '');
}

function imageParts(reference: string): { readonly name: string; readonly tag: string; readonly digest: string } {
  const [rest = '', digest = ''] = reference.slice(reference.lastIndexOf('/') + 1).split('@', 2);
  const [name = '', tag = ''] = rest.split(':', 2);
  return { name, tag, digest };
}

function isSameCommand(found: Json | undefined, expected: readonly string[]): boolean {
  return (
    Array.isArray(found) && found.length === expected.length && expected.every((word, index) => found[index] === word)
  );
}
