import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { UsageError } from '../../lib/usage-error.ts';
import { displayName, fileError } from '../../manifests/file.ts';
import { decodeText, readDirectory } from '../../profile-sources/directory-reader.ts';
import { type FileContent, type FileProblem, readProfileDocuments } from '../../profile-sources/read-documents.ts';
import type { ProfileSource } from '../../profiles/problem.ts';

export interface ProfileFiles {
  /** In the order of the report. */
  readonly names: readonly string[];
  readonly sources: readonly ProfileSource[];
  readonly problems: readonly FileProblem[];
}

/** Reads files, directories (as a server does), and `-` as standard input. Throws a UsageError for a path that does not exist. */
export async function readProfileFiles(paths: readonly string[]): Promise<ProfileFiles> {
  const found = await Promise.all(paths.map(filesAt));
  const files = new Map(found.flat());
  const documents = [...files].map(([file, content]) => ({ file, all: readProfileDocuments(file, content) }));
  return {
    names: [...files.keys()],
    sources: documents.flatMap(({ all }) => all.flatMap(({ source }) => (source.ok ? [source.value] : []))),
    problems: documents.flatMap(({ file, all }) =>
      all.length === 0
        ? [{ file, line: 1, column: 1, message: 'no AgentProfile found' }]
        : all.flatMap(({ source }) => (source.ok ? [] : source.error)),
    ),
  };
}

async function filesAt(path: string): Promise<readonly (readonly [name: string, content: FileContent])[]> {
  if (path === '-') return [[displayName(path), decodeText(await buffer(process.stdin))]];
  try {
    if (!(await stat(path)).isDirectory()) return [[path, decodeText(await readFile(path))]];
  } catch (error) {
    throw new UsageError([fileError(path, error)]);
  }
  const directory = await readDirectory(path);
  if (!directory.ok) throw new UsageError([directory.error]);
  const { files } = directory.value;
  if (files.size === 0) throw new UsageError([`${path}: no file that ends in .yaml or .yml`]);
  return [...files].map(([name, content]) => [join(path, name), content]);
}
