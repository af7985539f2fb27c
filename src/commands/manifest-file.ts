import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { parseManifest, type Manifest } from '../manifests/documents.ts';
import { UsageError } from './usage-error.ts';

/** Reads manifests from a file, or from standard input for `-`. Throws a UsageError that names file, line and column of every problem. */
export async function readManifest(file: string): Promise<Manifest> {
  const name = displayName(file);
  const parsed = parseManifest(file === '-' ? await text(process.stdin) : await readText(file));
  if (parsed.ok) return parsed.manifest;
  throw new UsageError(parsed.problems.map(({ line, column, message }) => `${name}:${line}:${column}: ${message}`));
}

/** What the file is called in messages. */
export function displayName(file: string): string {
  return file === '-' ? 'standard input' : file;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError([error instanceof Error ? error.message : String(error)]);
  }
}
