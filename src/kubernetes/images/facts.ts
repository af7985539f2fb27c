import { type Container, type EnvVar, imageOf } from '../pod.ts';

/** A statement with what shows it. */
export interface Evidenced {
  readonly is: string;
  readonly by: string;
}

/** What an image says of itself before a container runs it: made by `agent-injector image`. What is not shown is undefined, never a guess. */
export interface ImageFacts {
  /** dotnet, java, nodejs, python, php, ruby or go. */
  readonly language: (Evidenced & { readonly version: string | undefined }) | undefined;
  readonly libc: (Evidenced & { readonly is: 'glibc' | 'musl' }) | undefined;
  /** All that it is made for: `linux/amd64`, `linux/arm/v7`. The other facts are those of one of them. */
  readonly platforms: readonly string[];
  readonly user: string;
  readonly workingDir: string;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** Variables that profiles set or add to, or that tell of other agents; a variable of that name in a pod replaces the image's value. */
  readonly variables: readonly EnvVar[];
  /** Agents that the image carries, by the name of their vendor. */
  readonly agents: readonly { readonly vendor: string; readonly at: string }[];
}

export interface KnownImage {
  readonly facts: ImageFacts;
  /** Of the image that the facts are about, if it is known. */
  readonly digest: string | undefined;
  /** `tag`: what the tag stood for when the facts were made, not too long ago. */
  readonly by: 'digest' | 'tag';
}

/**
 * What is known of an image, as a container names it. `outdated`: its tag is known only from too long ago. `unreadable`: there may be facts, which a command
 * could not read with the rights of its user.
 */
export type ImageFactsLookup = (image: string) => KnownImage | 'outdated' | 'unreadable' | undefined;

/** The facts about the image of a container; undefined if none are known, or only some that are too old. */
export function imageFactsOf(
  { imageFacts }: { readonly imageFacts?: ImageFactsLookup },
  container: Container,
): ImageFacts | undefined {
  const known = imageFacts?.(imageOf(container));
  return typeof known === 'object' ? known.facts : undefined;
}
