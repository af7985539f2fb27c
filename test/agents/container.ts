import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statfsSync } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isObject } from '../../src/lib/json.ts';
import type { Container, Pod, Volume } from '../../src/kubernetes/pod.ts';

const script = join(import.meta.dirname, 'container-root.sh');
const isRoot = process.getuid?.() === 0;

/** The user of the image, for pods without runAsUser. It differs from the user of the init container. */
const USER_OF_IMAGE = 1000;

/** The error if this machine does not allow mount namespaces. */
export function whyNoNamespaces(): string | undefined {
  try {
    execFileSync('unshare', [...unshare, 'mount', '--make-rprivate', '/'], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.trim().split('\n').join(' ') : String(error);
  }
}

const unshare = [...(isRoot ? [] : ['--map-root-user']), '--mount', '--pid', '--fork', '--kill-child'];

const MIN_FREE_BYTES = 2 * 1024 ** 3;

/** The folder for volumes. Agents for Node.js have 20,000 files, and memory is ten times as fast as many disks. */
const scratch = isUsableMemory('/dev/shm') ? '/dev/shm' : tmpdir();

/** True if the folder has enough space and is not mounted noexec, as in many containers. */
function isUsableMemory(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    const mount = readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .findLast((line) => line.split(' ')[4] === folder);
    return bavail * bsize >= MIN_FREE_BYTES && mount !== undefined && !/[ ,]noexec[ ,]/.test(mount);
  } catch {
    return false;
  }
}

/** Files of an image in addition to those of this machine: from the path in the container to the path here. */
export type Image = ReadonlyMap<string, string>;

export interface Start {
  readonly image: Image;
  readonly environment: ReadonlyMap<string, string>;
  readonly command: readonly string[];
  /** The working directory of the image. */
  readonly workdir?: string;
}

/** A pod on this machine. Its volumes are folders, and its containers run one at a time, each in its own root directory. */
export class LocalPod {
  private readonly folder = mkdtempSync(join(scratch, 'agents-'));
  private readonly pod: Pod;
  /** Folders of the volumes that other pods have filled. */
  private readonly filled: ReadonlyMap<string, string>;

  private constructor(pod: Pod, filled: ReadonlyMap<string, string>) {
    this.pod = pod;
    this.filled = filled;
    // The modes of a kubelet instead of our umask.
    chmodSync(this.folder, 0o755);
  }

  /** Creates the volumes of a pod, except for filled ones. `files` is the content of the agent's claim. */
  static async make(pod: Pod, files: string, filled: ReadonlyMap<string, string> = new Map()): Promise<LocalPod> {
    const local = new LocalPod(pod, filled);
    const missing = (pod.spec.volumes ?? []).filter(({ name }) => !filled.has(name));
    await Promise.all(missing.map((volume) => local.makeVolume(volume, files)));
    return local;
  }

  /** The folders of the volumes that a container mounts. */
  volumesOf(container: Container): ReadonlyMap<string, string> {
    return new Map((container.volumeMounts ?? []).map(({ name }) => [name, this.folderOf(name)]));
  }

  /** Starts the process of a container, which ends with this process at the latest. */
  start(container: Container, { image, environment, command, workdir = '/' }: Start): ChildProcessWithoutNullStreams {
    const mounts = (container.volumeMounts ?? []).flatMap((mount) => {
      const subPath = typeof mount['subPath'] === 'string' ? mount['subPath'] : '';
      return [mount['readOnly'] === true ? '-r' : '-v', this.pathIn(mount.name, subPath), mount.mountPath];
    });
    const root = mkdtempSync(join(this.folder, 'root-'));
    const inImage = [...image].flatMap(([path, source]) => ['-r', source, path]);
    const user = userOf(container, this.pod) ?? USER_OF_IMAGE;
    // A user namespace has only one user.
    const as = isRoot ? ['-u', String(user), String(groupOf(container, this.pod) ?? user)] : [];
    const chroot = [script, root, ...inImage, ...mounts, ...as, '-w', workdir, '--'];
    const words = [...environment].map(([name, value]) => `${name}=${value}`);
    return spawn('unshare', [...unshare, ...chroot, 'env', '-i', ...words, ...command], { cwd: '/' });
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  private folderOf(volume: string): string {
    return this.filled.get(volume) ?? join(this.folder, 'volumes', volume);
  }

  private pathIn(volume: string, subPath: string): string {
    const path = join(this.folderOf(volume), subPath);
    // The kubelet creates a missing subPath with the mode of the volume (pkg/volume/util/subpath).
    if (mkdirSync(path, { recursive: true }) !== undefined) chmodSync(path, 0o777);
    return path;
  }

  private async makeVolume(volume: Volume, files: string): Promise<void> {
    const folder = this.folderOf(volume.name);
    mkdirSync(folder, { recursive: true });
    if ('emptyDir' in volume || 'ephemeral' in volume) chmodSync(folder, 0o777);
    else if ('persistentVolumeClaim' in volume) await cp(files, folder, { recursive: true });
    else throw new Error(`cannot create the volume ${JSON.stringify(volume)}`);
  }
}

/** An image with the files at a path. At "/", each file is added to those of this machine. */
export function imageWith(files: string, path: string): Image {
  if (path !== '/') return new Map([[path, files]]);
  return new Map(readdirSync(files).map((name) => [`/${name}`, join(files, name)]));
}

function userOf(container: Container, pod: Pod): number | undefined {
  return idIn(container, 'runAsUser') ?? idIn(pod.spec, 'runAsUser');
}

function groupOf(container: Container, pod: Pod): number | undefined {
  return idIn(container, 'runAsGroup') ?? idIn(pod.spec, 'runAsGroup');
}

function idIn(owner: { readonly [field: string]: unknown }, field: string): number | undefined {
  const context = owner['securityContext'];
  const id = isObject(context) ? context[field] : undefined;
  return typeof id === 'number' ? id : undefined;
}
