import type { ImageFactsLookup, KnownImage } from '../kubernetes/images/facts.ts';
import { imageKeys } from '../kubernetes/images/reference.ts';
import type { ReadImage } from './image-facts.ts';

export interface TagAge {
  /** How long what was read by a tag counts, in ms: a tag may be moved to another image. */
  readonly maxAgeMs: number;
  /** In ms since 1970. */
  readonly now: () => number;
}

/** The lookup of facts about images: by digest, which never changes, or by a tag, while it is not too old. Of several, the latest counts. */
export function imageLookup(images: readonly ReadImage[], { maxAgeMs, now }: TagAge): ImageFactsLookup {
  const byDigest = new Map<string, KnownImage>();
  const byTag = new Map<string, { readonly known: KnownImage; readonly readAt: number }>();
  for (const { facts, digest, tag, readAt } of images.toSorted((one, other) => one.readAt - other.readAt)) {
    if (digest !== undefined) byDigest.set(digest, { facts, digest, by: 'digest' });
    if (tag !== undefined) byTag.set(tag, { known: { facts, digest, by: 'tag' }, readAt });
  }
  return (image) => {
    const { digest, tag } = imageKeys(image);
    if (digest !== undefined) return byDigest.get(digest);
    const found = tag === undefined ? undefined : byTag.get(tag);
    return found && now() - found.readAt > maxAgeMs ? 'outdated' : found?.known;
  };
}
