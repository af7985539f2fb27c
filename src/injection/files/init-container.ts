import type { Position } from '../../api/profile/delivery.ts';
import type { LimitRangeItem } from '../../kubernetes/cluster-state.ts';
import { normalPath } from '../../kubernetes/mount-path.ts';
import { type Container, containersOf, type Pod } from '../../kubernetes/pod.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { Copy } from '../../profiles/delivery.ts';
import { render } from '../../profiles/template.ts';
import type { TargetContainer } from '../container-selection.ts';
import { type InitResources, initResources } from './init-resources.ts';

/** An init container that copies an agent's files, before it has a name and a place. */
export interface Wanted {
  readonly profile: string;
  readonly copy: Copy;
  /** The volume that it fills. */
  readonly volume: string;
  readonly values: ReadonlyMap<string, string>;
}

/** An init container and its place in the list as the insertions before have left it. */
export interface Insertion {
  readonly index: number;
  readonly container: Container;
}

/** The user of the agent's files where the target says nothing: "nonroot" of the distroless images. Any but 0 passes `restricted`. */
const NONROOT = 65_532;

/** The init containers of a pod as they would be so far. */
export class InitContainers {
  readonly added: Insertion[] = [];
  private readonly pod: Pod;
  private readonly authors: readonly Container[];
  private readonly ranges: readonly LimitRangeItem[];
  private readonly list: Container[];
  private readonly resources = new Map<Copy, InitResources>();
  private readonly names: Set<string>;
  /** From what was looked for to what was found, of the author's or of ours, and from a name to the last number that was put behind it. */
  private readonly fillings = new Map<string, Container | undefined>();
  private readonly counts = new Map<string, number>();

  /** `ranges`: what the LimitRanges of the namespace are known to say. */
  constructor(pod: Pod, ranges: readonly LimitRangeItem[]) {
    this.pod = pod;
    this.ranges = ranges;
    this.authors = pod.spec.initContainers ?? [];
    this.list = [...this.authors];
    this.names = new Set(containersOf(pod).map(({ name }) => name));
  }

  /**
   * The volume that an init container fills with these files already: the same image and command, at the same place. For a target that is an
   * init container itself only one that stands before it counts.
   */
  find(copy: Copy, values: ReadonlyMap<string, string>, target: TargetContainer): string | undefined {
    const wanted = fillingOf(copy, values);
    const key = JSON.stringify(wanted);
    if (!this.fillings.has(key))
      this.fillings.set(
        key,
        this.authors.find((one) => volumeFilledBy(one, wanted)),
      );
    const found = this.fillings.get(key);
    return found && this.list.indexOf(found) < this.indexOf(target) ? volumeFilledBy(found, wanted) : undefined;
  }

  /** Puts an init container at its place: where the position says, but before the target if that is an init container itself. Gives its name. */
  add(wanted: Wanted, target: TargetContainer, position: Position): string {
    const container = this.make(wanted, target);
    const index = Math.min(this.place(position), this.indexOf(target));
    this.list.splice(index, 0, container);
    this.names.add(container.name);
    this.added.push({ index, container });
    this.fillings.set(JSON.stringify(fillingOf(wanted.copy, wanted.values)), container);
    return container.name;
  }

  /** Where the target stands in the list as it would be so far; behind all where it is an app container. */
  private indexOf({ list, container: { name } }: TargetContainer): number {
    return list === 'containers' ? this.list.length : this.list.findIndex((one) => one.name === name);
  }

  private place(position: Position): number {
    if (position === 'last') return this.list.length;
    if (position === 'first') return 0;
    const named = this.list.findIndex(({ name }) => name === position.before);
    return Math.max(0, named);
  }

  private make({ profile, copy, volume, values }: Wanted, target: TargetContainer): Container {
    if (!this.resources.has(copy))
      this.resources.set(copy, initResources(this.pod, copy.requests, copy.limits, this.ranges));
    const resources = this.resources.get(copy);
    return {
      name: this.freeName(`${profile}-agent`),
      image: render(copy.image, values),
      imagePullPolicy: copy.pullPolicy,
      command: copy.command.map((word) => render(word, values)),
      ...(resources && { resources }),
      securityContext: securityContextFor(this.pod, target.container),
      volumeMounts: [{ name: volume, mountPath: copy.copyTo }],
    };
  }

  private freeName(wanted: string): string {
    let count = this.counts.get(wanted) ?? 1;
    const name = (): string => (count < 2 ? wanted : `${wanted}-${count}`);
    while (this.names.has(name())) count++;
    this.counts.set(wanted, count);
    return name();
  }
}

/** What tells an init container that fills a volume with an agent's files. */
interface Filling {
  readonly image: string;
  readonly command: readonly string[];
  readonly at: string;
}

function fillingOf(copy: Copy, values: ReadonlyMap<string, string>): Filling {
  const command = copy.command.map((word) => render(word, values));
  return { image: render(copy.image, values), command, at: copy.copyTo };
}

/** The volume that the init container fills so, or undefined. With a part of a volume, the files would be elsewhere in it. */
function volumeFilledBy(container: Container, { image, command, at }: Filling): string | undefined {
  if (!sameWords(container['command'], command) || !isSameImage(container['image'], image)) return undefined;
  const mount = container.volumeMounts?.find(({ mountPath }) => normalPath(mountPath) === at);
  return mount && !mount['subPath'] && !mount['subPathExpr'] ? mount.name : undefined;
}

/** Another webhook may since have turned the reference to a mirror, or its tag to the digest that it stands for. */
function isSameImage(theirs: Json | undefined, ours: string): boolean {
  if (typeof theirs !== 'string') return false;
  const [found, wanted] = [imageParts(theirs), imageParts(ours)];
  if (found.name !== wanted.name) return false;
  if (found.digest !== '' && wanted.digest !== '') return found.digest === wanted.digest;
  return found.tag === wanted.tag || (found.tag === '' && found.digest !== '');
}

/** The last step of a reference's path, its tag and its digest. */
function imageParts(reference: string): { readonly name: string; readonly tag: string; readonly digest: string } {
  const [rest = '', digest = ''] = reference.slice(reference.lastIndexOf('/') + 1).split('@', 2);
  const [name = '', tag = ''] = rest.split(':', 2);
  return { name, tag, digest };
}

function sameWords(theirs: Json | undefined, ours: readonly string[]): boolean {
  return Array.isArray(theirs) && theirs.length === ours.length && ours.every((word, index) => theirs[index] === word);
}

/**
 * What Pod Security `restricted` asks for (k8s.io/pod-security-admission policy/), with the target's own user and group where it has one.
 * Most of it means nothing on Windows, and the API server refuses it in a pod that says so (core validation.go validateWindows).
 */
function securityContextFor(pod: Pod, target: Container): JsonObject {
  if (pod.spec.os?.['name'] === 'windows') return { runAsNonRoot: true };
  const [own, common] = [target['securityContext'], pod.spec['securityContext']];
  const idFrom = (field: string): number | undefined =>
    [own, common]
      .map((context) => (isObject(context) ? context[field] : undefined))
      .find((id): id is number => typeof id === 'number' && id > 0);
  const group = idFrom('runAsGroup');
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    privileged: false,
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    runAsUser: idFrom('runAsUser') ?? NONROOT,
    ...(group !== undefined && { runAsGroup: group }),
    seccompProfile: { type: 'RuntimeDefault' },
  };
}
