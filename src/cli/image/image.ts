import { catalogueFrom } from '../../config/catalogue.ts';
import { parseReference } from '../../kubernetes/images/reference.ts';
import { UsageError } from '../../lib/usage-error.ts';
import type { CommandOutput, CommandResult } from '../command-result.ts';
import { dataOutput } from '../data-output.ts';
import { addToFile, entryOf, factsText } from './facts-file.ts';
import { type ReadOptions, readImages, SAVED } from './read.ts';
import { imageLines, type KnownImage } from './text.ts';

export interface ImageOptions extends ReadOptions {
  readonly references: readonly string[];
  readonly profiles?: string | undefined;
  readonly config?: string | undefined;
  /** A file of facts to add to. */
  readonly addTo?: string | undefined;
  readonly output: 'text' | 'json' | 'yaml' | 'facts';
}

/** Reads images and shows what matters for agents. Throws a UsageError for a reference that is none, and for a file that has no facts. */
export async function image({ references, output, addTo, ...options }: ImageOptions): Promise<CommandResult> {
  const problems = references.flatMap((text) => {
    const parsed = SAVED.test(text) ? undefined : parseReference(text);
    return parsed?.ok === false ? [`"${text}" is not the name of an image: ${parsed.error}`] : [];
  });
  if (problems.length > 0) throw new UsageError(problems);
  const catalogue = await catalogueFrom({ profiles: options.profiles, config: options.config });
  const { images, messages: unread } = await readImages(references, catalogue, options);
  const isForFacts = output === 'facts' || addTo !== undefined;
  const nameless = isForFacts ? images.filter((one) => !isFindable(one)) : [];
  const messages = [...unread, ...nameless.map((one) => `${one.image}: ${NAMELESS}`)];
  if (addTo !== undefined) {
    const now = new Date();
    await addToFile(
      addTo,
      images.filter(isFindable).map((one) => entryOf(one, now)),
    );
  }
  return { output: outputOf(output, images), messages, exitCode: messages.length > 0 ? 3 : 0 };
}

const NAMELESS =
  'it says neither its digest nor its name, so facts about it would count for no image: save it by a tag, or as an OCI layout';

function isFindable({ image: of, digest, name }: KnownImage): boolean {
  return digest !== undefined || name !== undefined || !SAVED.test(of);
}

function outputOf(format: ImageOptions['output'], images: readonly KnownImage[]): CommandOutput {
  if (format === 'text') return { kind: 'lines', lines: imageLines(images) };
  if (format !== 'facts') return dataOutput(format, { images });
  const now = new Date();
  return { kind: 'document', text: factsText(images.filter(isFindable).map((one) => entryOf(one, now))) };
}
