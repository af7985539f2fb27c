import { stat } from 'node:fs/promises';
import { credentialFiles } from '../../config/user-environment.ts';
import { describeConfig } from '../../images/describe.ts';
import { credentialsFor } from '../../images/docker-credentials.ts';
import { imageFacts } from '../../images/facts.ts';
import { type Image, readImage } from '../../images/image.ts';
import { ImageError } from '../../images/image-error.ts';
import { withLayout } from '../../images/layout.ts';
import { Registry } from '../../images/registry.ts';
import { parseReference } from '../../kubernetes/images/reference.ts';
import type { Catalogue } from '../../profiles/catalogue.ts';
import type { KnownImage } from './text.ts';

/** Paths of images that were saved, as other tools write them: `oci:DIR`, `docker-archive:FILE`. A path alone needs a dot or slash at its start. */
export const SAVED = /^(?:oci:|oci-archive:|docker-archive:|(?=\.{0,2}\/))(.+)$/;

export interface ReadOptions {
  readonly platform: string;
  readonly plainHttp?: boolean | undefined;
}

export interface ReadImages {
  readonly images: readonly KnownImage[];
  /** What could not be read, and why. */
  readonly messages: readonly string[];
}

/** Reads images from their registries, with the user's credentials, or from files. */
export async function readImages(
  references: readonly string[],
  catalogue: Catalogue,
  options: ReadOptions,
): Promise<ReadImages> {
  const images: KnownImage[] = [];
  const messages: string[] = [];
  for (const reference of references) {
    try {
      // oxlint-disable-next-line eslint/no-await-in-loop -- one after the other: registries limit their callers
      const { config, ...found } = await read(reference, options);
      images.push({ image: reference, ...found, ...imageFacts(describeConfig(config), catalogue) });
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      // oxlint-disable-next-line eslint/no-await-in-loop -- only where reading has failed
      messages.push(`${reference}: ${error.message}${await fileAdvice(reference)}`);
    }
  }
  return { images, messages };
}

/** A path without a dot or slash at its start is taken for the name of an image. */
async function fileAdvice(reference: string): Promise<string> {
  const isFile = !SAVED.test(reference) && (await stat(reference).catch(() => undefined)) !== undefined;
  return isFile ? `; a file of this name exists: ./${reference}` : '';
}

async function read(text: string, { platform, plainHttp = false }: ReadOptions): Promise<Image> {
  const path = SAVED.exec(text)?.[1];
  if (path !== undefined) return withLayout(path, (source) => readImage(source, platform));
  const parsed = parseReference(text);
  if (!parsed.ok) throw new ImageError(parsed.error);
  const files = credentialFiles();
  const credentials = (): ReturnType<typeof credentialsFor> => credentialsFor(parsed.value.registry, files);
  return readImage(new Registry(parsed.value, { credentials, plainHttp }), platform);
}
