import { readFile } from 'node:fs/promises';
import { readImageFacts, type ReadImage } from '../../api/image-facts.ts';
import { imageLookup } from '../../api/image-lookup.ts';
import { millisecondsOf } from '../../config/value-kinds.ts';
import type { OfflineInputs } from '../../config/catalogue.ts';
import { DEFAULT_PLATFORM } from '../../images/platform.ts';
import { imagesIn, readFactsTexts } from '../../images/facts-source.ts';
import type { ClusterState } from '../../kubernetes/cluster-state.ts';
import { errorMessage } from '../../lib/error-message.ts';
import { objectIn, objectsIn, textIn, type JsonObject } from '../../lib/json.ts';
import { UsageError } from '../../lib/usage-error.ts';
import { entryOf, factsDocument } from './facts-file.ts';
import { readImages } from './read.ts';

/** Flags of commands that decide on manifests: where facts about their images come from. */
export interface ImageFlags {
  /** A file of facts. */
  readonly imageFacts?: string | undefined;
  /** Read the images of the manifests from their registries. */
  readonly images?: boolean | undefined;
}

export interface ImagesOfManifests {
  readonly known: Pick<ClusterState, 'imageFacts'>;
  /** What could not be read. */
  readonly messages: readonly string[];
}

/** The facts that the flags ask for, about the images of these pods. What a registry says now wins over the file. Throws a UsageError for a wrong file. */
export async function imagesOf(
  { imageFacts: file, images: areRead = false }: ImageFlags,
  pods: readonly JsonObject[],
  { catalogue, options }: OfflineInputs,
): Promise<ImagesOfManifests> {
  if (file === undefined && !areRead) return { known: {}, messages: [] };
  const inFile = file === undefined ? [] : await factsIn(file);
  const references = areRead ? [...new Set(pods.flatMap(imagesInPod))] : [];
  const { images, messages } = await readImages(references, catalogue, { platform: DEFAULT_PLATFORM });
  const now = new Date();
  // In the form of a file, so that both are read by the same rules.
  const { images: read } = readImageFacts(factsDocument(images.map((one) => entryOf(one, now))));
  const age = { maxAgeMs: millisecondsOf(options.imageFactsMaxAge), now: Date.now };
  return { known: { imageFacts: imageLookup([...inFile, ...read], age) }, messages };
}

function imagesInPod(pod: JsonObject): readonly string[] {
  const spec = objectIn(pod, 'spec');
  const containers = [...objectsIn(spec, 'containers'), ...objectsIn(spec, 'initContainers')];
  return containers.map((one) => textIn(one, 'image')).filter((image) => image !== '');
}

async function factsIn(file: string): Promise<readonly ReadImage[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new UsageError([`--image-facts: ${errorMessage(error)}`]);
  });
  const source = readFactsTexts({ [file]: text });
  if (source.problems.length > 0) throw new UsageError(source.problems.map((problem) => `--image-facts: ${problem}`));
  return imagesIn(source);
}
