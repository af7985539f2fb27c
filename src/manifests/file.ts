import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { parseKey } from '../api/keys.ts';
import { isObject, type JsonObject } from '../lib/json.ts';
import { UsageError } from '../lib/usage-error.ts';
import { type Manifest, type ManifestObject, parseManifest } from './documents.ts';

/** Reads manifests from a file, or from standard input for `-`. Throws a UsageError that names file, line and column of every problem. */
export async function readManifest(file: string): Promise<Manifest> {
  const name = displayName(file);
  const parsed = parseManifest(await readText(file));
  if (parsed.ok) return parsed.manifest;
  throw new UsageError(parsed.problems.map(({ line, column, message }) => `${name}:${line}:${column}: ${message}`));
}

/** The text of a file, or of standard input for `-`. Throws a UsageError when it cannot be read or is no UTF-8. */
export async function readText(file: string): Promise<string> {
  return decode(displayName(file), file === '-' ? await buffer(process.stdin) : await readBytes(file));
}

/** The objects of a file of Namespace manifests. Throws a UsageError as `namespaceObjects` does. */
export async function readNamespaces(file: string): Promise<readonly JsonObject[]> {
  return namespaceObjects(displayName(file), await readManifest(file));
}

/** All objects of a manifest. Throws a UsageError for a Namespace's value that is no string: unquoted, `2000` is a number and `false` a boolean. */
export function namespaceObjects(name: string, { objects }: Manifest): readonly JsonObject[] {
  const problems = objects.flatMap((object) =>
    problemsIn(object).map((problem) => `${name}:${object.line}: ${problem}`),
  );
  if (problems.length > 0) throw new UsageError(problems);
  return objects.map(({ json }) => json);
}

/** The labels and annotations of ours on a Namespace whose values are no strings. */
function problemsIn({ kind, name, json }: ManifestObject): readonly string[] {
  const { metadata } = json;
  if (kind !== 'Namespace' || !isObject(metadata)) return [];
  return ['labels', 'annotations'].flatMap((field) => {
    const entries = metadata[field];
    if (!isObject(entries)) return [];
    return Object.keys(entries)
      .filter((key) => parseKey(key) !== undefined && typeof entries[key] !== 'string')
      .map((key) => `Namespace/${name}: ${key} must be a string: write "${JSON.stringify(entries[key])}" in quotes`);
  });
}

/** What the file is called in messages. */
export function displayName(file: string): string {
  return file === '-' ? 'standard input' : file;
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new UsageError([error instanceof Error ? error.message : String(error)]);
  }
}

/** The text with all that is in it, a byte order mark included: what is written again must be the same bytes. */
function decode(name: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UsageError([`${name}: is no UTF-8 text`]);
  }
}
