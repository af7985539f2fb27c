import * as z from 'zod';
import { errorMessage } from '../lib/error-message.ts';
import { ImageError } from './image-error.ts';

// Only what is read here. Unknown members are ignored: the OCI image specification demands it.
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hexadecimal digits');

const platformSchema = z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() });

const descriptorSchema = z.object({
  mediaType: z.string().optional(),
  digest,
  platform: platformSchema.optional(),
  annotations: z.record(z.string(), z.string()).nullish(),
});

const indexSchema = z.object({ manifests: z.array(descriptorSchema).max(1000) });

const manifestSchema = z.object({ config: descriptorSchema });

const strings = z.array(z.string()).nullish();

const configSchema = z.object({
  os: z.string().optional(),
  architecture: z.string().optional(),
  variant: z.string().optional(),
  config: z
    .object({
      Env: strings,
      Entrypoint: strings,
      Cmd: strings,
      User: z.string().nullish(),
      WorkingDir: z.string().nullish(),
      Labels: z.record(z.string(), z.string()).nullish(),
    })
    .nullish(),
  history: z.array(z.object({ created_by: z.string().nullish() })).nullish(),
});

export type Platform = z.infer<typeof platformSchema>;
export type Descriptor = z.infer<typeof descriptorSchema>;
export type ImageConfig = z.infer<typeof configSchema>;

/** What a tag or digest stands for: one image, or a list of images of several platforms. */
export type ManifestDocument =
  | { readonly kind: 'index'; readonly manifests: readonly Descriptor[] }
  | { readonly kind: 'manifest'; readonly config: Descriptor };

/** Parses an image manifest, an image index, or Docker's forms of them. Throws an ImageError. */
export function parseManifest(bytes: Buffer): ManifestDocument {
  const value = parseJson(bytes, 'the manifest');
  const index = indexSchema.safeParse(value);
  if (index.success) return { kind: 'index', manifests: index.data.manifests };
  const manifest = manifestSchema.safeParse(value);
  if (manifest.success) return { kind: 'manifest', config: manifest.data.config };
  throw new ImageError('the manifest is neither an image manifest nor an index of images');
}

/** Throws an ImageError. */
export function parseConfig(bytes: Buffer): ImageConfig {
  const result = configSchema.safeParse(parseJson(bytes, 'the config'));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new ImageError(`the config is not that of an image: ${issue?.path.join('.')}: ${issue?.message}`);
}

/** Parses JSON. Throws an ImageError. `what`: the document, with its article. */
export function parseJson(bytes: Buffer, what: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new ImageError(`${what} is not JSON: ${errorMessage(error)}`);
  }
}
