import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { issueServerCertificate } from '../../../src/certificates/issue.ts';
import { freePort } from '../../support/free-port.ts';
import { startProcess } from '../../support/guarded-process.ts';
import { waitFor } from '../../support/wait-for.ts';
import { BUILT } from '../built.ts';

// Another injector as a process on loopback.

/** What a program is started with. */
export interface Place {
  /** A folder for its files. */
  readonly dir: string;
  readonly port: number;
  readonly healthPort: number;
  readonly cert: string;
  readonly key: string;
  /** The CA of the certificate, PEM. */
  readonly ca: string;
}

export interface Program {
  /** The name in the folder that test/neighbours/build fills. */
  readonly name: string;
  readonly args: (place: Place) => readonly string[];
  readonly env: (place: Place) => Readonly<Record<string, string>>;
  /** Files by their path below `dir`. */
  readonly files: (place: Place) => Readonly<Record<string, string>>;
  /** True for a program that reads files of a pod at fixed paths: it sees the folder `run` of `dir` as /var/run. */
  readonly readsRun?: boolean;
  readonly isReady: (place: Place) => Promise<boolean>;
}

export interface Running {
  readonly place: Place;
  /** Writes a file below `dir`, which the program sees at once. */
  readonly write: (path: string, text: string) => void;
  readonly stop: () => Promise<void>;
}

const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];
const inNamespace = [...asRoot, '--mount'];

/** False if this machine allows no mount namespace. */
export const canShowRun: boolean = spawnSync('unshare', [...inNamespace, 'true']).status === 0;

export async function startProgram({ name, args, env, files, readsRun, isReady }: Program): Promise<Running> {
  const dir = mkdtempSync(join(tmpdir(), `agent-injector-${name}-`));
  const { cert, key, ca } = await issueServerCertificate(['127.0.0.1'], new Date());
  const place = { dir, port: await freePort(), healthPort: await freePort(), cert, key, ca };
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text, { mode: 0o600 });
  };
  for (const [path, text] of Object.entries(files(place))) write(path, text);
  const script = 'mount --bind "$0" /var/run && exec "$@"';
  const through = readsRun ? ['unshare', ...inNamespace, 'sh', '-c', script, join(dir, 'run')] : [];
  const [command = '', ...rest] = [...through, join(BUILT, name), ...args(place)];
  const started = await startProcess({ command, args: rest, cwd: dir, logPath: join(dir, 'log'), env: env(place) });
  const stop = async (): Promise<void> => {
    await started.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await waitFor(`${name} to be ready`, () => isReady(place), {
      deadline: 120_000,
      hopeless: () => (started.exit() === undefined ? undefined : new Error(started.log().slice(-2000))),
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { place, write, stop };
}

/** Asks for a page over HTTP on the port for probes. */
export async function isHealthy({ healthPort }: Place, path: string): Promise<boolean> {
  return (await fetch(`http://127.0.0.1:${healthPort}${path}`)).ok;
}
