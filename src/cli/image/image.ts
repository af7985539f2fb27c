import { catalogueFrom } from '../../config/catalogue.ts';
import { credentialFiles } from '../../config/user-environment.ts';
import { imageFacts } from '../../images/facts.ts';
import { describeConfig } from '../../images/describe.ts';
import { credentialsFor } from '../../images/docker-credentials.ts';
import { type Image, readImage } from '../../images/image.ts';
import { ImageError } from '../../images/image-error.ts';
import { withLayout } from '../../images/layout.ts';
import { parseReference } from '../../kubernetes/images/reference.ts';
import { Registry } from '../../images/registry.ts';
import { UsageError } from '../../lib/usage-error.ts';
import type { CommandResult } from '../command-result.ts';
import { dataOutput } from '../data-output.ts';
import { type KnownImage, imageLines } from './text.ts';

export interface ImageOptions {
  readonly references: readonly string[];
  readonly platform: string;
  readonly plainHttp?: boolean | undefined;
  readonly profiles?: string | undefined;
  readonly config?: string | undefined;
  readonly output: 'text' | 'json' | 'yaml';
}

/** Paths of images that were saved, as other tools write them: `oci:DIR`, `docker-archive:FILE`. A path alone needs a dot or slash at its start. */
const SAVED = /^(?:oci:|oci-archive:|docker-archive:|(?=\.{0,2}\/))(.+)$/;

/** Reads images and shows what matters for agents. Throws a UsageError for a reference that is none. */
export async function image({ references, output, ...options }: ImageOptions): Promise<CommandResult> {
  const problems = references.flatMap((text) => {
    const parsed = SAVED.test(text) ? undefined : parseReference(text);
    return parsed?.ok === false ? [`"${text}" is not the name of an image: ${parsed.error}`] : [];
  });
  if (problems.length > 0) throw new UsageError(problems);
  const catalogue = await catalogueFrom({ profiles: options.profiles, config: options.config });
  const images: KnownImage[] = [];
  const messages: string[] = [];
  for (const reference of references) {
    try {
      // oxlint-disable-next-line eslint/no-await-in-loop -- one after the other: registries limit their callers
      const { config, ...found } = await read(reference, options);
      images.push({ image: reference, ...found, ...imageFacts(describeConfig(config), catalogue) });
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      messages.push(`${reference}: ${error.message}`);
    }
  }
  return {
    output: output === 'text' ? { kind: 'lines', lines: imageLines(images) } : dataOutput(output, { images }),
    messages,
    exitCode: messages.length > 0 ? 3 : 0,
  };
}

async function read(
  text: string,
  { platform, plainHttp = false }: Pick<ImageOptions, 'platform' | 'plainHttp'>,
): Promise<Image> {
  const path = SAVED.exec(text)?.[1];
  if (path !== undefined) return withLayout(path, (source) => readImage(source, platform));
  const parsed = parseReference(text);
  if (!parsed.ok) throw new ImageError(parsed.error);
  const files = credentialFiles();
  const credentials = (): ReturnType<typeof credentialsFor> => credentialsFor(parsed.value.registry, files);
  return readImage(new Registry(parsed.value, { credentials, plainHttp }), platform);
}
