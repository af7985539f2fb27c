import { controllerOf, workloadNameOf } from '../../kubernetes/owner.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import { annotationsOf, type Container, imageNameOf, type Metadata, type Pod } from '../../kubernetes/pod.ts';
import { isRequestAnnotation } from '../../settings/agent-requests.ts';
import { readAnnotations } from '../../settings/annotations.ts';
import { imageTag } from '../../settings/builtin-values.ts';
import { dependsOnWorkload } from '../../settings/canary.ts';
import { profilesFor } from '../../settings/selected-profiles.ts';
import { selectedTargets } from '../../settings/targets/selected.ts';
import type { InjectionContext } from '../context.ts';
import type { PodShape } from './pod-shape.ts';
import { readsImageTag } from './profile-parts.ts';
import { type VisibleParts, visiblePartsOf } from './visible-parts.ts';

/** A stand-in for a name, and the name. */
type Name = readonly [standIn: string, name: string];

/** A shape with stand-ins for names that rules only copy, so that workloads which differ in nothing else have the same. */
export interface GeneralShape {
  readonly pod: Pod;
  readonly names: readonly Name[];
}

/**
 * Replaces the names of the workload and of containers, and images that no rule tells apart. Undefined if nothing can be replaced, if one of the
 * names is also part of another text of the pod, where a rule may look for it, or if a canary chooses workloads by their names. A stand-in is as long as its name, since texts are cut to a
 * length.
 */
export function generalize({ pod }: PodShape, context: InjectionContext): GeneralShape | undefined {
  const parts = visiblePartsOf(context.catalogue);
  const settings = settingsIn(context);
  const isMarked = [settings, JSON.stringify(pod)].some((text) => text.includes(MARK));
  if (isMarked || parts.matchesParts || parts.hasText(MARK) || dependsOnNames(context)) return undefined;
  const standIns = new StandIns(parts, settings);
  const workload = standIns.ofAny(workloadNameOf(pod));
  const metadata = withWorkload(pod, workload);
  const { containers, initContainers } = pod.spec;
  const named = (container: Container): Container => ({
    ...container,
    name: parts.hasContainer(container.name) ? container.name : standIns.of(container.name),
  });
  const spec = {
    ...pod.spec,
    containers: containers.map((container) => {
      const image = parts.hasImageTags && isVersioned(context, container) ? taggedOnly(container) : '';
      // Facts are looked up by the image.
      const isLookedUp = context.cluster.imageFacts !== undefined;
      return isLookedUp || parts.hasImage(container) ? named(container) : { ...named(container), image };
    }),
    ...(initContainers && { initContainers: initContainers.map(named) }),
  };
  const general = { metadata, spec };
  const { names } = standIns;
  const text = JSON.stringify(general);
  if (workloadNameOf(general) !== workload) return undefined;
  const isElsewhere = names.some(([, name]) => text.includes(name));
  return names.length === 0 || isElsewhere ? undefined : { pod: general, names };
}

/** The stand-ins for the names of one pod. Equal names have the same. */
class StandIns {
  readonly names: Name[] = [];
  readonly #parts: VisibleParts;
  readonly #settings: string;

  constructor(parts: VisibleParts, settings: string) {
    this.#parts = parts;
    this.#settings = settings;
  }

  ofAny(name: string | undefined): string | undefined {
    return name === undefined ? undefined : this.of(name);
  }

  /** The name itself where a rule may tell it, or its stand-in, from others. */
  of(name: string): string {
    const known = this.names.find(([, one]) => one === name)?.[0];
    if (known !== undefined) return known;
    if (this.names.length === MAX_NAMES || name.length < MIN_LENGTH || !LABEL.test(name)) return name;
    if (this.#parts.hasText(name) || this.#settings.includes(name)) return name;
    const standIn = `${MARK}${this.names.length.toString(36)}`.padEnd(name.length, 'x');
    if (this.#parts.hasContainer(standIn)) return name;
    this.names.push([standIn, name]);
    return standIn;
  }
}

/** The texts of a namespace and of targets that templates copy, and those that name containers, in lower case. */
function settingsIn(context: InjectionContext): string {
  const { name, annotations }: Namespace = context.namespace;
  const texts = [...readAnnotations(annotations).common.values()].map(({ text }) => text);
  const others = Object.keys(annotations).filter(isRequestAnnotation);
  const ofTargets = selectedTargets(context).flatMap(({ settings }) => [...settings.values()]);
  return [name, ...texts, ...ofTargets, ...others.map((one) => annotations[one])].join('\n').toLowerCase();
}

/** Begins every stand-in. Where another text contains it, there are none. */
const MARK = 'zq0z';

/** One digit, so that no stand-in begins another. */
const MAX_NAMES = 36;

/** Names below this length are common, and left as they are. */
const MIN_LENGTH = MARK.length + 1;

/** A name that every type of parameter treats like any other of its length. Two hyphens are part of an encoded host name. */
const LABEL = /^(?=.{1,63}$)[a-z](-?[a-z0-9])*$/;

/** True if a text was cut, perhaps within a stand-in, or names one where it is looked up rather than copied. */
export function isTiedToNames(compiled: object, lookups: Iterable<string>): boolean {
  return [...lookups].some((key) => key.includes(MARK)) || JSON.stringify(compiled).includes('…');
}

/**
 * True if a setting may select a container by its name, or apply to one, or if a canary or a circuit breaker is about workloads by theirs.
 */
function dependsOnNames(context: InjectionContext): boolean {
  const { pod, namespace, catalogue, cluster } = context;
  if ((cluster.breakers?.(namespace.name) ?? []).length > 0) return true;
  if (dependsOnWorkload(context)) return true;
  const { common, byContainer } = readAnnotations(annotationsOf(pod));
  if (common.size + byContainer.size > 0) return true;
  const above = [
    ...readAnnotations(namespace.annotations).common.keys(),
    ...selectedTargets(context).flatMap(({ settings }) => [...settings.keys()]),
    ...catalogue.defaults.keys(),
  ];
  return above.some((setting) => setting.startsWith('containers') || setting === 'init-position');
}

/** The owner's name may have a hash or a time behind that of the workload. */
function withWorkload(pod: Pod, workload: string | undefined): Metadata {
  const metadata = pod.metadata ?? {};
  const owner = controllerOf(metadata);
  const before = workloadNameOf(pod);
  if (!owner || workload === undefined || before === undefined || workload === before) return metadata;
  const { name } = owner;
  const suffix = typeof name === 'string' && name.startsWith(before) ? name.slice(before.length) : '';
  return { ...metadata, ownerReferences: [{ ...owner, name: `${workload}${suffix}` }] };
}

/** True if a profile for the container tells images apart by their tags. */
function isVersioned(context: InjectionContext, container: Container): boolean {
  const profiles = profilesFor(context, container);
  return profiles.ok && profiles.value.some(readsImageTag);
}

/** An image that says nothing but its tag. */
function taggedOnly(container: Container): string {
  const tag = imageTag(imageNameOf(container));
  return tag === undefined ? '' : `x:${tag}`;
}

/** The value with all stand-ins replaced by their names. */
export function withNames<Value>(value: Value, names: readonly Name[]): Value {
  const text = (found: string): string =>
    found.includes(MARK) ? names.reduce((rest, [standIn, name]) => rest.replaceAll(standIn, name), found) : found;
  const walk = (found: unknown): unknown => {
    if (typeof found === 'string') return text(found);
    if (typeof found !== 'object' || found === null) return found;
    if (Array.isArray(found)) return found.map(walk);
    if (found instanceof Map) return new Map([...found].map(([key, one]) => [walk(key), walk(one)]));
    return Object.fromEntries(Object.entries(found).map(([key, one]) => [text(key), walk(one)]));
  };
  // Every part is copied as what it is, and strings stay strings.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return walk(value) as Value;
}
