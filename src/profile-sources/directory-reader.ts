import { createHash } from 'node:crypto';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage } from '../lib/error-message.ts';
import type { Result } from '../lib/result.ts';
import type { FileContent } from './read-documents.ts';

const MAX_FILE_BYTES = 1024 * 1024;

const MAX_FILES = 1000;

const MAX_DIRECTORY_BYTES = 8 * 1024 * 1024;

export interface DirectoryContent {
  readonly files: ReadonlyMap<string, FileContent>;
  readonly fingerprint: string;
  /** True if all files are of one moment: a mounted ConfigMap or Secret. In other directories a file may be half written. */
  readonly isAtomic: boolean;
}

/** The link that the kubelet moves to update all files of a mount at once (k8s.io/kubernetes pkg/volume/util/atomic_writer.go). */
const MOUNT_LINK = '..data';

/** Reads the YAML files of a directory, without hidden ones and subdirectories. Sizes are bounded. Never rejects. */
export async function readDirectory(dir: string): Promise<Result<DirectoryContent, string>> {
  try {
    const mounted = await realpath(join(dir, MOUNT_LINK)).catch(() => undefined);
    const entries = await readdir(mounted ?? dir);
    const names = entries.filter((name) => /^[^.].*\.ya?ml$/.test(name)).toSorted();
    if (names.length > MAX_FILES)
      return { ok: false, error: `${dir} has ${names.length} YAML files, more than the limit of ${MAX_FILES}` };
    const read = await readFiles(mounted ?? dir, names);
    if (!read) {
      const limit = `${MAX_DIRECTORY_BYTES / 1024 / 1024} MiB`;
      return { ok: false, error: `the YAML files in ${dir} are larger than the limit of ${limit}` };
    }
    // If the link was moved during the read, the files are of two versions.
    const isAtomic =
      mounted !== undefined && mounted === (await realpath(join(dir, MOUNT_LINK)).catch(() => undefined));
    return { ok: true, value: { ...read, isAtomic } };
  } catch (error) {
    const isFile = error instanceof Error && 'code' in error && error.code === 'ENOTDIR';
    return {
      ok: false,
      error: isFile ? `${dir} is not a directory: name the directory of the file` : errorMessage(error),
    };
  }
}

async function readFiles(
  dir: string,
  names: readonly string[],
): Promise<Pick<DirectoryContent, 'files' | 'fingerprint'> | undefined> {
  const files = new Map<string, FileContent>();
  const hash = createHash('sha256');
  let size = 0;
  for (const name of names) {
    // oxlint-disable-next-line eslint/no-await-in-loop -- one file at a time leaves the server time for reviews
    const content = await readOne(join(dir, name));
    if (!content) continue;
    files.set(name, content);
    const text = content.ok ? content.value : content.error;
    size += text.length;
    if (size > MAX_DIRECTORY_BYTES) return undefined;
    hash.update(JSON.stringify([name, text]));
  }
  return { files, fingerprint: hash.digest('hex') };
}

async function readOne(path: string): Promise<FileContent | undefined> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return undefined;
    // Reading a pipe could block forever.
    if (!found.isFile()) return { ok: false, error: 'is not a regular file' };
    if (found.size > MAX_FILE_BYTES) return { ok: false, error: `is larger than ${MAX_FILE_BYTES / 1024} KiB` };
    return decodeText(await readFile(path));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'ENOENT' ? undefined : { ok: false, error: errorMessage(error) };
  }
}

export function decodeText(bytes: Uint8Array): FileContent {
  try {
    return { ok: true, value: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { ok: false, error: 'is not valid UTF-8' };
  }
}
