import { mkdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UsageError } from '../../lib/usage-error.ts';
import { fileError } from '../../manifests/file.ts';

export interface ImportedFile {
  /** A path: of a file that was read, or of a new one within the directory. */
  readonly name: string;
  readonly text: string;
}

/** All files as one stream of documents. */
export function documentsText(files: readonly ImportedFile[]): string {
  return files.map(({ text }) => text.replace(/^\uFEFF/, '')).reduce(joined, '');
}

function joined(before: string, text: string): string {
  if (before === '') return text;
  const end = before.endsWith('\n') ? before : `${before}\n`;
  return end + (/^(?:#.*\n|\s*\n)*---/.test(text) ? text : `---\n${text}`);
}

/**
 * Writes the files into a directory, and returns their paths. A directory that does not exist is made if its name ends in a slash. Existing files are
 * not overwritten. Throws a UsageError with all problems.
 */
export async function writeDirectory(directory: string, files: readonly ImportedFile[]): Promise<readonly string[]> {
  const isThere = await stat(directory).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isThere && !directory.endsWith('/'))
    throw new UsageError([
      `--output ${directory}: must be json, yaml, a directory, or the name of a new one with a slash at its end`,
    ]);
  const targets = files.map(({ name, text }) => ({ path: join(directory, targetOf(name)), text }));
  const paths = targets.map(({ path }) => path);
  const twice = paths.filter((path, index) => paths.indexOf(path) !== index);
  const existing = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        () => [path],
        () => [],
      ),
    ),
  );
  const problems = [
    ...twice.map((path) => `${path}: two of the files would have this name`),
    ...existing.flat().map((path) => `${path}: exists, and is not overwritten`),
  ];
  if (problems.length > 0) throw new UsageError(problems);
  await Promise.all(targets.map(({ path, text }) => write(path, text)));
  return paths;
}

async function write(path: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { flag: 'wx' });
  } catch (error) {
    throw new UsageError([fileError(path, error)]);
  }
}

/** Files that are not named after one that was read. */
const NEW: ReadonlySet<string> = new Set(['namespaces.yaml', 'targets.yaml']);

function targetOf(name: string): string {
  if (name.startsWith('profiles/') || NEW.has(name)) return name;
  return name === 'standard input' ? 'manifests.yaml' : basename(name);
}
