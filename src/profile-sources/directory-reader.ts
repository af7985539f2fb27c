import { createHash } from 'node:crypto';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Larger than any ConfigMap can be. */
const MAX_FILE_BYTES = 1024 * 1024;

const MAX_FILES = 1000;

const MAX_DIRECTORY_BYTES = 8 * 1024 * 1024;

/** A file that is there: its text, or why there is none. */
export type FileReading = { readonly text: string } | { readonly problem: string };

export type DirectoryReading =
  | {
      readonly ok: true;
      /** By their names, in the order of these. */
      readonly files: ReadonlyMap<string, FileReading>;
      /** Two readings with one of these are the same. */
      readonly fingerprint: string;
      /** All files are of one moment; else somebody may be in the middle of writing. */
      readonly isWhole: boolean;
    }
  | { readonly ok: false; readonly problem: string };

/** By this link the kubelet exchanges all files of a mounted ConfigMap at once (k8s.io/kubernetes pkg/volume/util/atomic_writer.go). */
const MOUNTED = '..data';

/** Reads the YAML files of a directory, hidden ones and directories in it aside. Sizes are bounded. Never rejects. */
export async function readDirectory(dir: string): Promise<DirectoryReading> {
  try {
    const mounted = await realpath(join(dir, MOUNTED)).catch(() => undefined);
    const entries = await readdir(mounted ?? dir);
    const names = entries.filter((name) => /^[^.].*\.ya?ml$/.test(name)).toSorted();
    if (names.length > MAX_FILES)
      return { ok: false, problem: `${dir} has ${names.length} YAML files, more than ${MAX_FILES}` };
    const reading = await readFiles(mounted ?? dir, names);
    // What was read while the link was moved to the next version is of neither.
    const isWhole = mounted !== undefined && mounted === (await realpath(join(dir, MOUNTED)).catch(() => undefined));
    return reading ? { ok: true, ...reading, isWhole } : { ok: false, problem: tooLarge(dir) };
  } catch (error) {
    return { ok: false, problem: textOf(error) };
  }
}

async function readFiles(
  dir: string,
  names: readonly string[],
): Promise<{ readonly files: ReadonlyMap<string, FileReading>; readonly fingerprint: string } | undefined> {
  const files = new Map<string, FileReading>();
  const hash = createHash('sha256');
  let size = 0;
  for (const name of names) {
    // oxlint-disable-next-line eslint/no-await-in-loop -- one after the other: a server has something else to do
    const reading = await readOne(join(dir, name));
    if (!reading) continue;
    files.set(name, reading);
    const content = 'text' in reading ? reading.text : reading.problem;
    size += content.length;
    if (size > MAX_DIRECTORY_BYTES) return undefined;
    hash.update(JSON.stringify([name, content]));
  }
  return { files, fingerprint: hash.digest('hex') };
}

/** Undefined for a directory, and for a file that has gone away meanwhile. */
async function readOne(path: string): Promise<FileReading | undefined> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return undefined;
    // Reading a pipe could last for ever.
    if (!found.isFile()) return { problem: 'is no file' };
    if (found.size > MAX_FILE_BYTES) return { problem: `is larger than ${MAX_FILE_BYTES / 1024} KiB` };
    const bytes = await readFile(path);
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (error) {
    if (error instanceof TypeError) return { problem: 'is no UTF-8 text' };
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'ENOENT' ? undefined : { problem: textOf(error) };
  }
}

function tooLarge(dir: string): string {
  return `the YAML files in ${dir} are larger than ${MAX_DIRECTORY_BYTES / 1024 / 1024} MiB`;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
