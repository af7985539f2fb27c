import { imageLookup, type TagAge } from '../../src/api/image-lookup.ts';
import type { ReadImage } from '../../src/api/image-facts.ts';
import { type ClusterState, unknownCluster } from '../../src/kubernetes/cluster-state.ts';
import type { ImageFacts } from '../../src/kubernetes/images/facts.ts';
import { imageKeys } from '../../src/kubernetes/images/reference.ts';

export const READ_AT = Date.parse('2026-12-01T00:00:00Z');

/** Facts about an image that shows nothing but these. */
export function facts(shown: Partial<ImageFacts> = {}): ImageFacts {
  return {
    language: undefined,
    libc: undefined,
    platforms: ['linux/amd64'],
    user: '',
    workingDir: '',
    entrypoint: [],
    cmd: [],
    variables: [],
    agents: [],
    ...shown,
  };
}

export function readImage(image: string, shown: Partial<ImageFacts> = {}, digest = 'a'): ReadImage {
  return {
    facts: facts(shown),
    digest: `sha256:${digest.repeat(64)}`,
    name: image,
    tag: imageKeys(image).tag,
    readAt: READ_AT,
  };
}

const YOUNG: TagAge = { maxAgeMs: 1000, now: () => READ_AT };

/** A cluster of which nothing but these images is known. */
export function clusterWith(images: readonly ReadImage[], age: TagAge = YOUNG): ClusterState {
  return { ...unknownCluster, imageFacts: imageLookup(images, age) };
}
