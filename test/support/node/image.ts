import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** What an image contains at a path: a file or a folder of this machine, a symbolic link, or a text. */
export type Content = { readonly from: string } | { readonly link: string } | { readonly text: string };

export interface ImageOptions {
  readonly name: string;
  readonly contents: ReadonlyMap<string, Content>;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: readonly string[];
  readonly user?: string;
  readonly workdir?: string;
}

const LAYER = 'application/vnd.oci.image.layer.v1.tar';

/** Writes an OCI image as a tar that `ctr images import` reads, below the folder. Returns its path. No container engine is needed. */
export function writeImage(folder: string, options: ImageOptions): string {
  const dir = mkdtempSync(join(folder, 'image-'));
  const blobs = join(dir, 'layout/blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  const blob = (mediaType: string, content: object): object => {
    const path = join(dir, 'blob');
    writeFileSync(path, JSON.stringify(content));
    return keep(blobs, mediaType, path);
  };
  const layers = layersOf(dir, options.contents).map((layer) => keep(blobs, LAYER, layer));
  const config = blob('application/vnd.oci.image.config.v1+json', {
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: {
      Env: ['PATH=/usr/local/bin:/usr/bin:/bin', ...(options.env ?? [])],
      Entrypoint: options.entrypoint,
      Cmd: options.command,
      User: options.user,
      WorkingDir: options.workdir,
    },
    rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
  });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = blob(mediaType, { schemaVersion: 2, mediaType, config, layers });
  const annotations = { 'io.containerd.image.name': options.name };
  writeFileSync(join(dir, 'layout/oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(
    join(dir, 'layout/index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }),
  );
  const path = `${dir}.tar`;
  execFileSync('tar', ['-cf', path, '-C', join(dir, 'layout'), '.']);
  rmSync(dir, { recursive: true });
  return path;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Moves a file to its place among the blobs. */
function keep(blobs: string, mediaType: string, path: string): Descriptor {
  const hash = createHash('sha256').update(readFileSync(path)).digest('hex');
  const { size } = statSync(path);
  renameSync(path, join(blobs, hash));
  return { mediaType, digest: `sha256:${hash}`, size };
}

/** A layer for the single files, and one for each folder. */
function layersOf(dir: string, contents: ReadonlyMap<string, Content>): readonly string[] {
  const files = join(dir, 'files');
  mkdirSync(join(files, 'tmp'), { recursive: true });
  const folders: string[] = [];
  for (const [path, content] of contents) {
    if ('from' in content && statSync(content.from).isDirectory()) {
      folders.push(tar(join(dir, `folder-${folders.length}.tar`), content.from, path));
      continue;
    }
    const at = join(files, path);
    mkdirSync(dirname(at), { recursive: true });
    if ('from' in content) copyFileSync(content.from, at);
    else if ('link' in content) symlinkSync(content.link, at);
    else writeFileSync(at, content.text);
  }
  execFileSync('chmod', ['-R', 'go+rX', files]);
  execFileSync('chmod', ['1777', join(files, 'tmp')]);
  return [tar(join(dir, 'files.tar'), files, '/'), ...folders];
}

/** The content of a folder, at a path of the image, as root's. Targets of links stay as they are. */
function tar(to: string, folder: string, path: string): string {
  const rename = path === '/' ? [] : [`--transform=flags=rhS;s,^\\./,${path.slice(1)}/,`];
  const reproducible = ['--owner=0', '--group=0', '--numeric-owner', '--sort=name', '--mtime=@0'];
  execFileSync('tar', ['-cf', to, ...reproducible, ...rename, '-C', folder, './']);
  return to;
}

/** The static busybox and its names, as `sh` and others. */
export function busybox(path: string): ReadonlyMap<string, Content> {
  const names = ['sh', 'cat', 'chmod', 'cp', 'env', 'id', 'ls', 'mkdir', 'sleep', 'stat', 'test', 'touch', 'true'];
  return new Map<string, Content>([
    ['/bin/busybox', { from: path }],
    ...names.map((name) => [`/bin/${name}`, { link: 'busybox' }] as const),
  ]);
}

/** The libraries that programs and libraries of this machine are linked to. */
export function librariesOf(paths: readonly string[]): ReadonlyMap<string, Content> {
  const linked = execFileSync('ldd', paths, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const libraries = [...linked.matchAll(/(\/\S+) \(0x/g)].map(([, library = '']) => library);
  return new Map(libraries.filter((one) => !paths.includes(one)).map((one) => [one, { from: one }]));
}
