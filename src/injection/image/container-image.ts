import type { ImageFacts, ImageFactsLookup } from '../../kubernetes/images/facts.ts';
import { type Container, type EnvVar, imageOf } from '../../kubernetes/pod.ts';
import { ContainerView } from '../../profiles/matcher.ts';
import type { Profile } from '../../profiles/profile.ts';
import type { Reason } from '../../reasons/reason.ts';
import { type SettingSources, resolveSetting } from '../../settings/resolve.ts';
import type { EnvFromLookup } from '../env/env-from.ts';

type Miss = Exclude<ReturnType<ImageFactsLookup>, object | undefined> | 'unknown';

/** What is known of the image of a container. */
export interface ContainerImage {
  readonly facts: ImageFacts | undefined;
  /** Why there are no facts. */
  readonly miss: Miss | undefined;
}

/** Undefined where no facts about images are given at all: then nothing of a decision or its record differs. */
export function containerImage({ cluster }: SettingSources, container: Container): ContainerImage | undefined {
  if (!cluster.imageFacts) return undefined;
  const known = cluster.imageFacts(imageOf(container));
  return typeof known === 'object'
    ? { facts: known.facts, miss: undefined }
    : { facts: undefined, miss: known ?? 'unknown' };
}

/** What the image alone would give a container: the variables that nothing in the pod replaces, and the command that the pod leaves as it is. */
export function imageView(
  { variables, entrypoint, cmd }: ImageFacts,
  container: Container,
  environment: readonly EnvVar[],
  envFrom: EnvFromLookup,
): ContainerView {
  const replaced = new Set(environment.map(({ name }) => name));
  const left = variables.filter(({ name }) => !replaced.has(name) && envFrom(name) !== 'present');
  // As the kubelet: `command` replaces both, `args` only `cmd`.
  const isStarted = isGiven(container['command']);
  const command = isStarted ? [] : entrypoint;
  const args = isStarted || isGiven(container['args']) ? [] : cmd;
  return new ContainerView({ name: container.name, command, args }, left, new Set());
}

function isGiven(words: unknown): boolean {
  return Array.isArray(words) && words.length > 0;
}

interface ImageEffect {
  readonly kept?: readonly string[];
  readonly image?: 'unknown' | 'outdated';
  readonly notices: readonly Reason[];
}

/**
 * What the facts changed, or would have: `added` are the new variables of the container. Without facts it matters that a new variable may replace one
 * of the image, or that the C library was not known.
 */
export function imageEffect(
  image: ContainerImage | undefined,
  profile: Profile,
  added: readonly string[],
  { container, sources }: { readonly container: string; readonly sources: SettingSources },
): ImageEffect {
  if (!image) return NONE;
  const extended = added.filter((name) => profile.changes.get(name) === 'extends');
  if (image.miss === undefined) {
    const kept = extended.filter((name) => image.facts?.variables.some((one) => one.name === name && one.value !== ''));
    const notices = kept.map((variable): Reason => ({
      code: 'image-variable-kept',
      variable,
      profile: profile.name,
      container,
    }));
    return kept.length === 0 ? NONE : { kept, notices };
  }
  if (extended.length === 0 && !dependsOnLibc(profile, sources, container)) return NONE;
  const { miss: why } = image;
  // Only a value that may be lost is told.
  const notice: Reason = { code: 'image-unknown', why, profile: profile.name, container, variables: extended };
  return { image: why === 'outdated' ? why : 'unknown', notices: extended.length > 0 ? [notice] : [] };
}

const NONE: ImageEffect = { notices: [] };

function dependsOnLibc({ constraints, variants }: Profile, sources: SettingSources, container: string): boolean {
  const isRead = constraints.libc !== undefined || variants.some(({ from }) => from === 'libc');
  return isRead && resolveSetting(sources, 'libc', container) === undefined;
}
