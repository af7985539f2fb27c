import { createHash } from 'node:crypto';

export interface MadeImage {
  readonly config: Buffer;
  readonly manifest: Buffer;
  readonly index: Buffer;
}

export const sha256 = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** An image of one platform, its config given, in an index with an attestation, as BuildKit makes them. */
export function makeImage(config: Readonly<Record<string, unknown>>, architecture = 'amd64'): MadeImage {
  const configBytes = json({ os: 'linux', architecture, rootfs: { type: 'layers', diff_ids: [] }, ...config });
  const manifest = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: sha256(configBytes),
      size: configBytes.length,
    },
    layers: [],
  });
  const index = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      { digest: sha256(Buffer.from('attestation')), size: 11, platform: { os: 'unknown', architecture: 'unknown' } },
      { digest: sha256(manifest), size: manifest.length, platform: { os: 'linux', architecture } },
    ],
  });
  return { config: configBytes, manifest, index };
}

/** A tar with these files. */
export function makeTar(files: Readonly<Record<string, Buffer>>): Buffer {
  const parts = Object.entries(files).flatMap(([name, bytes]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write('0000644\0', 100);
    header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('        0', 148);
    header.write('ustar\0', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}
