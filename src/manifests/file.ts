import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { parseKey } from '../api/keys.ts';
import { errorMessage } from '../lib/error-message.ts';
import { type JsonObject, objectIn } from '../lib/json.ts';
import { UsageError } from '../lib/usage-error.ts';
import { type Manifest, type ManifestObject, parseManifest } from './documents.ts';

/** Reads manifests from a file, an https address, or standard input for `-`. Throws a UsageError with file, line and column of every problem. */
export async function readManifest(file: string): Promise<Manifest> {
  const name = displayName(file);
  const parsed = parseManifest(await readText(file));
  if (parsed.ok) return parsed.value;
  throw new UsageError(parsed.error.map(({ line, column, message }) => `${name}:${line}:${column}: ${message}`));
}

/** Reads a text file, an https address, or standard input for `-`, including a byte order mark. Throws a UsageError if it cannot be read or is not UTF-8. */
export async function readText(file: string): Promise<string> {
  const bytes = await readBytes(file);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UsageError([`${displayName(file)}: is not valid UTF-8`]);
  }
}

async function readBytes(file: string): Promise<Buffer> {
  if (file === '-') return buffer(process.stdin);
  if (isAddress(file)) {
    // Loaded on demand: most manifests are files.
    const { readAddress } = await import('./address.ts');
    return readAddress(file);
  }
  try {
    return await readFile(file);
  } catch (error) {
    throw new UsageError([fileError(file, error)]);
  }
}

/** True for `https://…` and the like. */
export function isAddress(path: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(path);
}

const ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EISDIR: 'is a directory',
  EACCES: 'permission denied',
  ENOTDIR: 'a part of the path is not a directory',
};

/** The error of a file system in words: `deploy.yaml: no such file or directory`. */
export function fileError(file: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return `${file}: ${ERRORS[code] ?? errorMessage(error)}`;
}

export async function readNamespaces(file: string): Promise<readonly JsonObject[]> {
  return namespaceObjects(displayName(file), await readManifest(file));
}

/** All objects of a manifest. Throws a UsageError for Namespace settings that are not strings: unquoted, `2000` is a number and `false` a boolean. */
export function namespaceObjects(name: string, { objects }: Manifest): readonly JsonObject[] {
  const problems = objects.flatMap((object) =>
    unquotedSettings(object).map((problem) => `${name}:${object.line}: ${problem}`),
  );
  if (problems.length > 0) throw new UsageError(problems);
  return objects.map(({ json }) => json);
}

function unquotedSettings({ kind, name, json }: ManifestObject): readonly string[] {
  if (kind !== 'Namespace') return [];
  const metadata = objectIn(json, 'metadata');
  return ['labels', 'annotations'].flatMap((field) =>
    Object.entries(objectIn(metadata, field))
      .filter(([key, value]) => parseKey(key) !== undefined && typeof value !== 'string')
      .map(([key, value]) => `Namespace/${name}: ${key} must be a string: write "${JSON.stringify(value)}" in quotes`),
  );
}

export function displayName(file: string): string {
  return file === '-' ? 'standard input' : file;
}
