import { readFile, writeFile } from 'node:fs/promises';
import {
  IMAGE_FACTS_API_VERSION,
  IMAGE_FACTS_KIND,
  type ImageFactsEntry,
  readImageFacts,
} from '../../api/image-facts.ts';
import { imageKeys } from '../../kubernetes/images/reference.ts';
import { errorMessage } from '../../lib/error-message.ts';
import { isObject, type JsonObject, objectsIn, parsedJson, textIn } from '../../lib/json.ts';
import { UsageError } from '../../lib/usage-error.ts';
import { SAVED } from './read.ts';
import type { KnownImage } from './text.ts';

/** The entry of an image in a document of facts. `at`: when it was read. */
export function entryOf(known: KnownImage, at: Date): ImageFactsEntry {
  const { image, digest, platform, platforms, language, libc, user, workingDir, variables } = known;
  // A path is not a name that a pod could use.
  const named = SAVED.test(image) ? known.name : image;
  const shown = { ...(language && { language: languageEntry(language) }), ...(libc && { libc }) };
  return {
    ...(named !== undefined && { image: named }),
    ...(digest !== undefined && { digest }),
    read: at.toISOString(),
    platforms: platforms.length === 0 ? [platform] : [...platforms],
    ...shown,
    user,
    workingDir,
    entrypoint: [...known.entrypoint],
    cmd: [...known.cmd],
    variables: variables.map(({ name, value }) => ({ name, value })),
    agents: known.agents.map(({ vendor, at: by }) => ({ vendor, at: by })),
  };
}

function languageEntry({ is, version, by }: NonNullable<KnownImage['language']>): ImageFactsEntry['language'] {
  return { is, ...(version !== undefined && { version }), by };
}

/** A document of facts as JSON with a line for each image, so that a diff shows which has changed. */
export function factsText(entries: readonly object[]): string {
  const head = JSON.stringify(factsDocument([])).slice(0, -2);
  return `${head}\n${entries.map((one) => JSON.stringify(one)).join(',\n')}\n]}\n`;
}

export function factsDocument(images: readonly object[]): object {
  return { apiVersion: IMAGE_FACTS_API_VERSION, kind: IMAGE_FACTS_KIND, images };
}

/**
 * Adds entries to a file of facts, in the place of earlier ones for the same images; makes the file if there is none. Throws a UsageError if the file has
 * something else.
 */
export async function addToFile(file: string, entries: readonly ImageFactsEntry[]): Promise<void> {
  const before = await entriesIn(file);
  const added = new Set(entries.map(keyOf));
  const all = [...before.filter((one) => !added.has(keyOf(one))), ...entries];
  const sorted = all.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  await writeFile(file, factsText(sorted)).catch((error: unknown) => {
    throw new UsageError([`--add-to: ${errorMessage(error)}`]);
  });
}

async function entriesIn(file: string): Promise<readonly JsonObject[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new UsageError([`--add-to: ${error.message}`]);
  });
  if (text === undefined) return [];
  const document = parsedJson(text);
  const [problem] = document === undefined ? [{ message: 'it is not JSON' }] : readImageFacts(document).problems;
  if (problem || !isObject(document)) throw new UsageError([`--add-to: ${file}: ${problem?.message ?? ''}`]);
  return objectsIn(document, 'images');
}

function keyOf(entry: object): string {
  const { image, digest } = isObject(entry)
    ? { image: textIn(entry, 'image'), digest: textIn(entry, 'digest') }
    : { image: '', digest: '' };
  return imageKeys(image).tag ?? digest;
}
