import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage } from '../lib/error-message.ts';
import { UsageError } from '../lib/usage-error.ts';
import type { Manifest } from './documents.ts';
import { isAddress, readManifest } from './file.ts';

/** A manifest with the path, address or `-` that it was read from. */
export interface ManifestSource {
  readonly file: string;
  readonly manifest: Manifest;
}

const EXTENSIONS = /\.(?:ya?ml|json)$/i;

/**
 * Reads manifests as kubectl does: files, the `.yaml`, `.yml` and `.json` files of directories, https addresses, and `-` for standard input. Throws a
 * UsageError with every problem.
 */
export async function readManifests(
  paths: readonly string[],
  { recursive = false }: { readonly recursive?: boolean | undefined } = {},
): Promise<readonly ManifestSource[]> {
  if (paths.filter((path) => path === '-').length > 1)
    throw new UsageError(['standard input (-) can be read only once']);
  const expanded = (await Promise.all(paths.map((path) => expand(path, recursive)))).flat();
  const read = await Promise.allSettled(expanded.map(async (file) => ({ file, manifest: await readManifest(file) })));
  const problems = read.flatMap((one) => (one.status === 'rejected' ? problemsOf(one.reason) : []));
  if (problems.length > 0) throw new UsageError(problems);
  return read.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}

function problemsOf(error: unknown): readonly string[] {
  return error instanceof UsageError ? error.problems : [errorMessage(error)];
}

async function expand(path: string, recursive: boolean): Promise<readonly string[]> {
  if (path === '-' || isAddress(path) || !(await isDirectory(path))) return [path];
  const entries = await readdir(path, { withFileTypes: true, recursive });
  const files = entries
    .filter((entry) => !entry.isDirectory() && EXTENSIONS.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
  if (files.length > 0) return files;
  const hint = recursive ? '' : ' (directories in it are read with -R)';
  throw new UsageError([`${path}: no file that ends in .yaml, .yml or .json${hint}`]);
}

/** What cannot be read is reported where it is read, with the problems of the other files. */
async function isDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ?? false;
}
