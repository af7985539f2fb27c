import * as z from 'zod';
import type { ImageFacts } from '../kubernetes/images/facts.ts';
import { imageKeys } from '../kubernetes/images/reference.ts';
import { isObject, textIn } from '../lib/json.ts';
import { pathText } from '../lib/text.ts';
import { LIBCS, PREFIX } from './keys.ts';

export const IMAGE_FACTS_API_VERSION = `${PREFIX}/v1alpha1`;

export const IMAGE_FACTS_KIND = 'ImageFacts';

/** Entries of one source. A ConfigMap of 1 MiB has room for some 2,000. */
export const MAX_IMAGES = 5000;

const text = z.string().max(1024);

const words = z.array(z.string().max(4096)).max(256);

const factsSchema = z.strictObject({
  image: text.refine((one) => imageKeys(one).tag !== undefined, 'must be the name of an image').optional(),
  digest: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hexadecimal digits')
    .optional(),
  read: z.iso.datetime().pipe(z.coerce.date()),
  platforms: z.array(text).min(1).max(100),
  language: z.strictObject({ is: text, version: text.optional(), by: text }).optional(),
  libc: z.strictObject({ is: z.enum(LIBCS), by: text }).optional(),
  user: text.default(''),
  workingDir: text.default(''),
  entrypoint: words.default([]),
  cmd: words.default([]),
  variables: z
    .array(z.strictObject({ name: text.min(1), value: z.string().max(32 * 1024) }))
    .max(200)
    .default([]),
  agents: z
    .array(z.strictObject({ vendor: text, at: text }))
    .max(100)
    .default([]),
});

const entrySchema = factsSchema.refine(
  ({ image, digest }) => image !== undefined || digest !== undefined,
  'must have a digest, or the name of an image',
);

/** An entry as it is written into a document of image facts. */
export type ImageFactsEntry = z.input<typeof entrySchema>;

/** Facts with what they are about. */
export interface ReadImage {
  readonly facts: ImageFacts;
  /** Undefined if it was read from a file that does not say it. */
  readonly digest: string | undefined;
  /** The image as the entry names it. */
  readonly name: string | undefined;
  /** The name that it was read by, as `imageKeys` makes it; undefined if it was read by digest, or from a file without a name. */
  readonly tag: string | undefined;
  /** When it was read, in ms since 1970. */
  readonly readAt: number;
}

/** An entry that is not valid: what it is about, as far as it says so, and what is wrong with it. */
export interface ImageProblem {
  readonly image: string;
  readonly message: string;
}

export interface ReadImages {
  readonly images: readonly ReadImage[];
  readonly problems: readonly ImageProblem[];
}

/** Reads a document of image facts. An entry that is not valid is a problem, and the others count. */
export function readImageFacts(document: unknown): ReadImages {
  const images = isObject(document) ? document['images'] : undefined;
  const isFacts =
    isObject(document) && document['apiVersion'] === IMAGE_FACTS_API_VERSION && document['kind'] === IMAGE_FACTS_KIND;
  if (!isFacts || !Array.isArray(images)) return { images: [], problems: [{ image: '', message: NO_FACTS }] };
  const read = images.slice(0, MAX_IMAGES).map(readEntry);
  return {
    images: read.flatMap((one) => ('facts' in one ? [one] : [])),
    problems: [
      ...read.flatMap((one) => ('facts' in one ? [] : [one])),
      ...(images.length > MAX_IMAGES
        ? [{ image: '', message: `it has ${images.length} images: only the first ${MAX_IMAGES} are read` }]
        : []),
    ],
  };
}

const NO_FACTS = `it must have apiVersion: ${IMAGE_FACTS_API_VERSION}, kind: ${IMAGE_FACTS_KIND} and a list "images"`;

function readEntry(entry: unknown, index: number): ReadImage | ImageProblem {
  const parsed = entrySchema.safeParse(entry);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = pathText(['images', index, ...(issue?.path ?? [])]);
    return { image: isObject(entry) ? textIn(entry, 'image') : '', message: `${path}: ${issue?.message ?? ''}` };
  }
  const { image, digest, read, language, libc, ...facts } = parsed.data;
  return {
    digest,
    name: image,
    tag: image === undefined ? undefined : imageKeys(image).tag,
    readAt: read.getTime(),
    facts: { ...facts, libc, language: language && { ...language, version: language.version } },
  };
}
