import { join } from 'node:path';
import type { ProfileSource } from '../profiles/problem.ts';
import { type FileContent, type FileDocument, fileProblemText, readProfileDocuments } from './read-documents.ts';

/** Far above the number of agents in any cluster. */
const MAX_DOCUMENTS = 1000;

export interface Documents {
  readonly sources: readonly ProfileSource[];
  /** The names of the profiles in each file, those of invalid documents included. */
  readonly names: ReadonlyMap<string, ReadonlySet<string>>;
  readonly unreadable: ReadonlySet<string>;
  /** Errors of documents that cannot be read: one line each, with file, line and column. */
  readonly problems: readonly string[];
}

/**
 * Reads the documents of all files. A document whose name cannot be read may be any profile that its file had the last time (`before`) and that
 * is in no file now: it counts as all of them. Yields after each file, so that a server can do other work.
 */
export function* profileDocuments(
  dir: string,
  files: ReadonlyMap<string, FileContent>,
  before: Documents['names'],
): Generator<void, Documents> {
  const all: DirectoryDocument[] = [];
  for (const [file, content] of files) {
    all.push(...readProfileDocuments(join(dir, file), content).map((document) => ({ file, ...document })));
    yield;
  }
  const problems = all.flatMap(({ source }) => (source.ok ? [] : source.error.map(fileProblemText)));
  if (all.length > MAX_DOCUMENTS) problems.push(`${dir}: more than ${MAX_DOCUMENTS} documents: the rest are ignored`);
  return { ...namesIn(all, files.keys(), before), problems };
}

type DirectoryDocument = FileDocument & { readonly file: string };

function namesIn(
  all: readonly DirectoryDocument[],
  files: Iterable<string>,
  before: Documents['names'],
): Omit<Documents, 'problems'> {
  const present = new Set(all.flatMap(({ name }) => name ?? []));
  const names = new Map([...files].map((file) => [file, new Set<string>()]));
  const unreadable = new Set<string>();
  const sources: ProfileSource[] = [];
  for (const [index, { file, name, source }] of all.entries()) {
    const isRead = source.ok && index < MAX_DOCUMENTS;
    if (isRead) sources.push(source.value);
    const candidates = name === undefined ? [...(before.get(file) ?? [])].filter((one) => !present.has(one)) : [name];
    for (const one of candidates) {
      names.get(file)?.add(one);
      if (!isRead || name === undefined) unreadable.add(one);
    }
  }
  return { sources, names, unreadable };
}
