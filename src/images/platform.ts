import type { Descriptor, Platform } from './documents.ts';
import { ImageError } from './image-error.ts';

export const DEFAULT_PLATFORM = 'linux/amd64';

/** os/architecture, and the variant where there is one, as Docker writes it. */
export function platformText({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined || variant === '' ? [] : [variant])].join('/');
}

/** The platforms of an index. Attestations, whose platform is unknown/unknown, are not images. */
export function platformsOf(manifests: readonly Descriptor[]): readonly string[] {
  return [
    ...new Set(manifests.flatMap(({ platform }) => (platform && isReal(platform) ? [platformText(platform)] : []))),
  ];
}

/** The image of a platform. `linux/arm64` also finds `linux/arm64/v8`. Throws an ImageError that names what there is. */
export function imageFor(manifests: readonly Descriptor[], wanted: string): Descriptor {
  const found =
    manifests.find(({ platform }) => platform && platformText(platform) === wanted) ??
    manifests.find(({ platform }) => platform && platformText(platform).startsWith(`${wanted}/`));
  if (found) return found;
  const named = manifests.filter(({ platform }) => platform !== undefined);
  const [only] = manifests;
  // An index of an OCI layout has one image without a platform, as a rule.
  if (named.length === 0 && manifests.length === 1 && only) return only;
  const list = platformsOf(manifests).join(', ');
  throw new ImageError(`it has no image for ${wanted}, only for ${list === '' ? 'no platform that it names' : list}`);
}

function isReal({ os, architecture }: Platform): boolean {
  return os !== 'unknown' && architecture !== 'unknown';
}
