import { type FileHandle, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { imageKeys } from '../kubernetes/images/reference.ts';
import { errorMessage } from '../lib/error-message.ts';
import { type Blob, MAX_CONFIG_BYTES, MAX_MANIFEST_BYTES, checkDigest, digestOf } from './blob.ts';
import { parseJson, parseManifest } from './documents.ts';
import type { BlobSource } from './image.ts';
import { ImageError } from './image-error.ts';
import { readTarIndex } from './tar.ts';

/** Reads a file of an image that was saved. Undefined: there is no such file. Throws an ImageError. */
type ReadFile = (path: string, maxBytes: number) => Promise<Buffer | undefined>;

/** What `docker save` and `podman save` write beside, or instead of, an OCI layout. */
const savedSchema = z.array(z.object({ Config: z.string(), RepoTags: z.array(z.string()).nullish() }));

/** Opens an OCI layout, or a tar of `docker save` or of an OCI layout, for `use`. Throws an ImageError. */
export async function withLayout<T>(path: string, use: (source: BlobSource) => Promise<T>): Promise<T> {
  const found = await stat(path).catch((error: unknown) => {
    throw new ImageError(`it could not be read: ${errorMessage(error)}`);
  });
  if (found.isDirectory()) return use(await sourceOf(inDirectory(path)));
  if (!found.isFile()) throw new ImageError('it is neither a file nor a directory');
  const file = await open(path).catch((error: unknown) => {
    throw new ImageError(`it could not be read: ${errorMessage(error)}`);
  });
  try {
    return await use(await sourceOf(await inTar(file)));
  } finally {
    await file.close();
  }
}

function inDirectory(directory: string): ReadFile {
  return async (path, maxBytes) => {
    const file = join(directory, path);
    const found = await stat(file).catch(() => undefined);
    if (!found?.isFile()) return undefined;
    checkSize(path, found.size, maxBytes);
    return readFile(file);
  };
}

async function inTar(file: FileHandle): Promise<ReadFile> {
  const entries = await readTarIndex(file);
  return async (path, maxBytes) => {
    const entry = entries.get(path);
    if (!entry) return undefined;
    checkSize(path, entry.size, maxBytes);
    const bytes = Buffer.alloc(entry.size);
    const { bytesRead } = await file.read(bytes, 0, entry.size, entry.offset);
    if (bytesRead < entry.size) throw new ImageError(`it ends within ${path}`);
    return bytes;
  };
}

function checkSize(path: string, size: number, maxBytes: number): void {
  if (size > maxBytes) throw new ImageError(`${path} has more than ${maxBytes} bytes`);
}

async function sourceOf(read: ReadFile): Promise<BlobSource> {
  const index = await read('index.json', MAX_MANIFEST_BYTES);
  if (index) return layoutSource(read, index);
  const saved = await read('manifest.json', MAX_MANIFEST_BYTES);
  if (saved) return savedSource(read, saved);
  throw new ImageError('it is neither an OCI layout (index.json) nor an image of docker save (manifest.json)');
}

function layoutSource(read: ReadFile, index: Buffer): BlobSource {
  const blob = async (digest: string, maxBytes: number, what: string): Promise<Blob> => {
    const path = `blobs/${digest.replace(':', '/')}`;
    const bytes = await read(path, maxBytes);
    if (!bytes) throw new ImageError(`${path} is missing`);
    return checkDigest(bytes, digest, what);
  };
  return {
    root: async () => {
      const document = parseManifest(index);
      const [only, ...others] = document.kind === 'index' ? document.manifests : [];
      // Where there is one image, index.json only says where it is: the digest in a registry is that of the image.
      return { bytes: index, digest: only && others.length === 0 ? only.digest : digestOf(index) };
    },
    manifest: (digest) => blob(digest, MAX_MANIFEST_BYTES, 'the manifest'),
    config: (digest) => blob(digest, MAX_CONFIG_BYTES, 'the config'),
  };
}

/**
 * The older form has no manifest, so the digest of the image in a registry is not known. The digest of the config, which Docker calls the ID of the image,
 * is another one: no image can be pulled by it.
 */
async function savedSource(read: ReadFile, saved: Buffer): Promise<BlobSource> {
  const parsed = savedSchema.safeParse(parseJson(saved, 'manifest.json'));
  const [image, ...others] = parsed.success ? parsed.data : [];
  if (!image) throw new ImageError('manifest.json names no image');
  if (others.length > 0) throw new ImageError(`it has ${others.length + 1} images: save one`);
  const bytes = await read(image.Config, MAX_CONFIG_BYTES);
  if (!bytes) throw new ImageError(`${image.Config} is missing`);
  const digest = digestOf(bytes);
  const name = image.RepoTags?.find((tag) => imageKeys(tag).tag !== undefined);
  const named = /(?:^|\/)([0-9a-f]{64})(?:\.json)?$/.exec(image.Config)?.[1];
  if (named !== undefined) checkDigest(bytes, `sha256:${named}`, 'the config');
  return {
    root: async () => ({ bytes: Buffer.from(JSON.stringify({ config: { digest } })), name }),
    manifest: () => Promise.reject(new ImageError('it has no manifests')),
    config: async () => ({ bytes, digest }),
  };
}
