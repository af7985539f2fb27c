import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { isObject, type Json } from '../../lib/json.ts';
import { UsageError } from '../../lib/usage-error.ts';
import { displayName } from '../../manifests/file.ts';
import { positionOf } from '../../manifests/locate.ts';
import { readDocuments, type YamlDocument } from '../../manifests/yaml.ts';
import { type FileReading, readDirectory } from '../../profile-sources/directory-reader.ts';
import type { ProfileSource } from '../../profiles/read-profiles.ts';
import type { Remark } from './report.ts';

/** From a profile as written to the text that it stands in. */
export type Documents = ReadonlyMap<ProfileSource, YamlDocument>;

export interface ProfileFiles {
  /** In the order in which they are spoken of. */
  readonly names: readonly string[];
  readonly documents: Documents;
  /** What cannot be read, and what is no profile. */
  readonly remarks: readonly Remark[];
}

/** Reads files, directories as a server does, and `-` as standard input. Throws a UsageError when there is nothing of a name. */
export async function readProfileFiles(paths: readonly string[]): Promise<ProfileFiles> {
  const found = await Promise.all(paths.map(filesAt));
  const files = new Map(found.flat());
  const read = [...files].map(([name, reading]) => readText(name, reading));
  return {
    names: [...files.keys()],
    documents: new Map(read.flatMap((one) => one.documents)),
    remarks: read.flatMap((one) => one.remarks),
  };
}

type NamedFile = readonly [name: string, reading: FileReading];

async function filesAt(path: string): Promise<readonly NamedFile[]> {
  if (path === '-') return [[displayName(path), decoded(await buffer(process.stdin))]];
  try {
    if (!(await stat(path)).isDirectory()) return [[path, decoded(await readFile(path))]];
  } catch (error) {
    throw new UsageError([error instanceof Error ? error.message : String(error)]);
  }
  const directory = await readDirectory(path);
  if (!directory.ok) throw new UsageError([directory.problem]);
  if (directory.files.size === 0) throw new UsageError([`${path}: has no file that ends in .yaml or .yml`]);
  return [...directory.files].map(([name, reading]) => [join(path, name), reading]);
}

function decoded(bytes: Buffer): FileReading {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { problem: 'is no UTF-8 text' };
  }
}

interface ReadText {
  readonly documents: readonly (readonly [ProfileSource, YamlDocument])[];
  readonly remarks: readonly Remark[];
}

function readText(file: string, reading: FileReading): ReadText {
  if ('problem' in reading) return { documents: [], remarks: [{ severity: 'error', file, message: reading.problem }] };
  const documents: (readonly [ProfileSource, YamlDocument])[] = [];
  const remarks: Remark[] = [];
  for (const document of readDocuments(reading.text)) {
    if (!('json' in document)) {
      remarks.push(...document.problems.map((problem): Remark => ({ severity: 'error', file, ...problem })));
    } else if (isOther(document.json)) {
      remarks.push({ severity: 'error', file, ...positionOf(document, ['kind'], 'value'), message: OTHER });
    } else if (document.json !== null) {
      documents.push([{ origin: file, document: document.json }, document]);
    }
  }
  if (documents.length === 0 && remarks.length === 0)
    remarks.push({ severity: 'error', file, line: 1, column: 1, message: 'there is no AgentProfile in it' });
  return { documents, remarks };
}

const OTHER = 'is no AgentProfile: apiVersion must be "agent-injector.io/v1alpha1", kind must be "AgentProfile"';

/** An object of Kubernetes that is plainly something else: what it lacks to be a profile need not be told. */
function isOther(json: Json): boolean {
  if (!isObject(json)) return false;
  const { apiVersion, kind } = json;
  return typeof apiVersion === 'string' && !apiVersion.startsWith('agent-injector') && kind !== 'AgentProfile';
}
