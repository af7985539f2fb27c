import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statfsSync } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isObject } from '../../src/lib/json.ts';
import type { Container, Pod, Volume } from '../../src/kubernetes/pod.ts';

const script = join(import.meta.dirname, 'container-root.sh');
const isRoot = process.getuid?.() === 0;

/** Who the app is when its pod does not say: the image's own user, and never the one that the init container is. */
const USER_OF_IMAGE = 1000;

/** Whether this machine lets us have a mount namespace; what it says, when it does not. */
export function whyNoNamespaces(): string | undefined {
  try {
    execFileSync('unshare', [...unshare, 'mount', '--make-rprivate', '/'], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.trim().split('\n').join(' ') : String(error);
  }
}

const unshare = [...(isRoot ? [] : ['--map-root-user']), '--mount', '--pid', '--fork', '--kill-child'];

const ROOM = 2 * 1024 ** 3;

/** Where volumes are made. Node's agents have twenty thousand files: memory takes them ten times as fast as many a disk. */
const scratch = isRoomyMemory('/dev/shm') ? '/dev/shm' : tmpdir();

/** Whether programs can be run from there, too: in many a container they cannot. */
function isRoomyMemory(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    const mount = readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .findLast((line) => line.split(' ')[4] === folder);
    return bavail * bsize >= ROOM && mount !== undefined && !/[ ,]noexec[ ,]/.test(mount);
  } catch {
    return false;
  }
}

/** What is in a container's root besides this machine's files: from its path there to where it is here. */
export type Image = ReadonlyMap<string, string>;

export interface Start {
  readonly image: Image;
  readonly environment: ReadonlyMap<string, string>;
  readonly command: readonly string[];
  /** The image's working directory. */
  readonly workdir?: string;
}

/** A pod on this machine: its volumes are folders, and its containers run one at a time in a root directory of their own. */
export class LocalPod {
  private readonly folder = mkdtempSync(join(scratch, 'agents-'));
  private readonly pod: Pod;
  /** Where the volumes are that the pod has not made itself. */
  private readonly filled: ReadonlyMap<string, string>;

  private constructor(pod: Pod, filled: ReadonlyMap<string, string>) {
    this.pod = pod;
    this.filled = filled;
    // Not our own umask, but a kubelet's modes: an emptyDir is everybody's.
    chmodSync(this.folder, 0o755);
  }

  /** Makes the volumes of a pod but those that are filled already. `files` is the content of the claim that the agent comes from. */
  static async make(pod: Pod, files: string, filled: ReadonlyMap<string, string> = new Map()): Promise<LocalPod> {
    const local = new LocalPod(pod, filled);
    const wanted = (pod.spec.volumes ?? []).filter(({ name }) => !filled.has(name));
    await Promise.all(wanted.map((volume) => local.makeVolume(volume, files)));
    return local;
  }

  /** The volumes that a container mounts, each with the folder that it is here. */
  volumesOf(container: Container): ReadonlyMap<string, string> {
    return new Map((container.volumeMounts ?? []).map(({ name }) => [name, this.folderOf(name)]));
  }

  /** Starts a container's process. It ends with this process at the latest. */
  start(container: Container, { image, environment, command, workdir = '/' }: Start): ChildProcessWithoutNullStreams {
    const mounts = (container.volumeMounts ?? []).flatMap((mount) => {
      const subPath = typeof mount['subPath'] === 'string' ? mount['subPath'] : '';
      return [mount['readOnly'] === true ? '-r' : '-v', this.pathIn(mount.name, subPath), mount.mountPath];
    });
    const root = mkdtempSync(join(this.folder, 'root-'));
    const inImage = [...image].flatMap(([path, source]) => ['-r', source, path]);
    const user = userOf(container, this.pod) ?? USER_OF_IMAGE;
    // In a user namespace there is one user only.
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
    // The kubelet makes a subPath that is not there (pkg/volume/util/subpath), with the mode of the volume.
    if (mkdirSync(path, { recursive: true }) !== undefined) chmodSync(path, 0o777);
    return path;
  }

  private async makeVolume(volume: Volume, files: string): Promise<void> {
    const folder = this.folderOf(volume.name);
    mkdirSync(folder, { recursive: true });
    if ('emptyDir' in volume || 'ephemeral' in volume) chmodSync(folder, 0o777);
    else if ('persistentVolumeClaim' in volume) await cp(files, folder, { recursive: true });
    else throw new Error(`no way to make the volume ${JSON.stringify(volume)} here`);
  }
}

/** An image that holds the files at a path; at "/" each of them stands for itself, beside what this machine has. */
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
