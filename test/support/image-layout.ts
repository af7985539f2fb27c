import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type MadeImage, sha256 } from './made-image.ts';

/** Writes the image as an OCI layout into the folder, which `crane push` takes; returns the folder. */
export function writeLayout(folder: string, { config, manifest }: MadeImage): string {
  const index = JSON.stringify({
    schemaVersion: 2,
    manifests: [
      { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: sha256(manifest), size: manifest.length },
    ],
  });
  const files = {
    'oci-layout': '{"imageLayoutVersion":"1.0.0"}',
    'index.json': index,
    ...Object.fromEntries([config, manifest].map((bytes) => [`blobs/${sha256(bytes).replace(':', '/')}`, bytes])),
  };
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}
