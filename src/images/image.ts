import type { Blob } from './blob.ts';
import { type ImageConfig, parseConfig, parseManifest } from './documents.ts';
import { ImageError } from './image-error.ts';
import { imageFor, platformsOf, platformText } from './platform.ts';

/** An image of one platform. */
export interface Image {
  /** Of what the reference stands for: the index, if there is one, as in the `imageID` of a container's status. Undefined: a saved file does not say it. */
  readonly digest: string | undefined;
  /** The name by which an image without a digest was saved. */
  readonly name: string | undefined;
  readonly platform: string;
  /** All platforms, if there are several. */
  readonly platforms: readonly string[];
  readonly config: ImageConfig;
}

interface Root extends Pick<Blob, 'bytes'> {
  readonly digest?: string;
  readonly name?: string | undefined;
}

/** Where manifests and configs are read. Both check digests, and throw an ImageError. */
export interface BlobSource {
  /** What the image's tag or digest stands for. */
  readonly root: () => Promise<Root>;
  readonly manifest: (digest: string) => Promise<Blob>;
  readonly config: (digest: string) => Promise<Blob>;
}

/** An index of an index of an index is no image that a runtime would pull. */
const MAX_DEPTH = 3;

/** Reads the image of a platform, such as linux/amd64. Throws an ImageError. */
export async function readImage(source: BlobSource, wanted: string): Promise<Image> {
  const root = await source.root();
  let document = parseManifest(root.bytes);
  let platforms: readonly string[] = [];
  for (let depth = 0; document.kind === 'index'; depth++) {
    if (depth === MAX_DEPTH) throw new ImageError(`its indexes are nested more than ${MAX_DEPTH} deep`);
    platforms = platformsOf(document.manifests);
    // oxlint-disable-next-line eslint/no-await-in-loop -- each index names the next document
    const next = await source.manifest(imageFor(document.manifests, wanted).digest);
    document = parseManifest(next.bytes);
  }
  const config = parseConfig((await source.config(document.config.digest)).bytes);
  const platform = platformText({
    os: config.os ?? 'linux',
    architecture: config.architecture ?? 'unknown',
    variant: config.variant,
  });
  return { digest: root.digest, name: root.name, platform, platforms, config };
}
