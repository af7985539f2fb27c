import type { Copy, Position, Resources } from './delivery.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { normalPath } from './mount-path.ts';
import { containersOf, type Container, type Pod } from './pod.ts';
import { atMost, parseQuantity } from './quantity.ts';
import type { Target } from './targets.ts';
import { render } from './template.ts';

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
  private readonly list: Container[];
  private readonly names: Set<string>;

  constructor(pod: Pod) {
    this.pod = pod;
    this.list = [...(pod.spec.initContainers ?? [])];
    this.names = new Set(containersOf(pod).map(({ name }) => name));
  }

  /** The volume that an init container fills with these files already: the same image and command, at the same place. */
  find(copy: Copy, values: ReadonlyMap<string, string>): string | undefined {
    const command = copy.command.map((word) => render(word, values));
    const image = imageName(render(copy.image, values));
    for (const container of this.list) {
      if (!sameWords(container['command'], command) || imageName(container['image']) !== image) continue;
      const mount = container.volumeMounts?.find(({ mountPath }) => normalPath(mountPath) === copy.copyTo);
      if (mount) return mount.name;
    }
    return undefined;
  }

  /** Puts an init container at its place: where the position says, but before the target if that is an init container itself. */
  add(wanted: Wanted, target: Target, position: Position): void {
    const container = this.make(wanted, target);
    const own =
      target.list === 'initContainers'
        ? this.list.findIndex(({ name }) => name === target.container.name)
        : this.list.length;
    const index = Math.min(this.place(position), own);
    this.list.splice(index, 0, container);
    this.names.add(container.name);
    this.added.push({ index, container });
  }

  private place(position: Position): number {
    if (position === 'last') return this.list.length;
    if (position === 'first') return 0;
    const named = this.list.findIndex(({ name }) => name === position.before);
    return Math.max(0, named);
  }

  private make({ profile, copy, volume, values }: Wanted, target: Target): Container {
    const { requests, limits } = resourcesFor(this.pod, copy.requests, copy.limits);
    return {
      name: this.freeName(`${profile}-agent`),
      image: render(copy.image, values),
      imagePullPolicy: copy.pullPolicy,
      command: copy.command.map((word) => render(word, values)),
      resources: { limits, requests },
      securityContext: securityContextFor(this.pod, target.container),
      volumeMounts: [{ name: volume, mountPath: copy.copyTo }],
    };
  }

  private freeName(wanted: string): string {
    let name = wanted;
    for (let count = 2; this.names.has(name); count++) name = `${wanted}-${count}`;
    return name;
  }
}

/** A reference without its registry and path: another webhook may have turned it to a mirror since. */
function imageName(reference: Json | undefined): string | undefined {
  return typeof reference === 'string' ? reference.slice(reference.lastIndexOf('/') + 1) : undefined;
}

function sameWords(theirs: Json | undefined, ours: readonly string[]): boolean {
  return Array.isArray(theirs) && theirs.length === ours.length && ours.every((word, index) => theirs[index] === word);
}

/** What Pod Security `restricted` asks for (k8s.io/pod-security-admission policy/), with the target's own user and group where it has one. */
function securityContextFor(pod: Pod, target: Container): JsonObject {
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

interface ResourcesOf {
  readonly requests: Resources;
  readonly limits: Resources;
}

/**
 * Requests and limits that change nothing for the pod: it asks for the larger of its app containers together and of each init container
 * (k8s.io/component-helpers resource), so ours stays within what the app containers ask for; in a pod of class Guaranteed (k8s.io/kubernetes
 * pkg/apis/core/v1/helper/qos) both are alike, so that it stays one. Requests are always written: without them they would be the limits.
 */
function resourcesFor(pod: Pod, requests: Resources, limits: Resources): ResourcesOf {
  const asked = total(pod, 'requests');
  const allowed = total(pod, 'limits');
  const limit = (name: 'cpu' | 'memory'): string => atMost(limits[name], allowed[name] ?? Infinity, name);
  const request = (name: 'cpu' | 'memory'): string => {
    const bound = Math.min(asked[name] ?? 0, parseQuantity(limit(name)) ?? 0);
    return isGuaranteed(pod) ? limit(name) : atMost(requests[name], bound, name);
  };
  return {
    requests: { cpu: request('cpu'), memory: request('memory') },
    limits: { cpu: limit('cpu'), memory: limit('memory') },
  };
}

type Amounts = { readonly [resource in 'cpu' | 'memory']: number | undefined };

/** What the pod, or all of its app containers together, have. Of limits undefined unless every container has one. */
function total(pod: Pod, kind: 'requests' | 'limits'): Amounts {
  const of = (resource: 'cpu' | 'memory'): number | undefined => {
    const whole = amount(pod.spec, kind, resource);
    if (whole !== undefined) return whole;
    const each = pod.spec.containers.map((container) => {
      const own = amount(container, kind, resource);
      // A request that is not written is the limit (k8s.io/kubernetes pkg/apis/core/v1/defaults.go).
      return own ?? (kind === 'requests' ? (amount(container, 'limits', resource) ?? 0) : undefined);
    });
    return each.reduce<number | undefined>(
      (sum, one) => (sum === undefined || one === undefined ? undefined : sum + one),
      0,
    );
  };
  return { cpu: of('cpu'), memory: of('memory') };
}

function amount(owner: JsonObject, kind: 'requests' | 'limits', resource: string): number | undefined {
  const { resources } = owner;
  const amounts = isObject(resources) ? resources[kind] : undefined;
  return isObject(amounts) ? parseQuantity(amounts[resource]) : undefined;
}

function isGuaranteed(pod: Pod): boolean {
  return containersOf(pod).every((container) =>
    ['cpu', 'memory'].every((resource) => {
      const limit = amount(container, 'limits', resource);
      return limit !== undefined && limit > 0 && (amount(container, 'requests', resource) ?? limit) === limit;
    }),
  );
}
