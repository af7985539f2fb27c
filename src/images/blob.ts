import { createHash } from 'node:crypto';
import { ImageError } from './image-error.ts';

/** Far above any real manifest and config; both are read into memory. Registries refuse manifests of more than 4 MiB. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
export const MAX_CONFIG_BYTES = 8 * 1024 * 1024;

/** A document of an image with its digest. */
export interface Blob {
  readonly bytes: Buffer;
  readonly digest: string;
}

export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Throws an ImageError if the bytes are not what the digest says. `what`: the document, with its article. */
export function checkDigest(bytes: Buffer, expected: string, what: string): Blob {
  const digest = digestOf(bytes);
  if (digest !== expected) throw new ImageError(`the digest of ${what} is ${digest}, and not ${expected} as asked for`);
  return { bytes, digest };
}
