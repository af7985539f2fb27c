import { join } from 'node:path';
import { pathText } from '../lib/text.ts';
import { positionOf } from '../manifests/locate.ts';
import { type BrokenDocument, readDocuments, type YamlDocument } from '../manifests/yaml.ts';
import { nameOf } from '../profiles/extends.ts';
import type { ProfileProblem, ProfileSource } from '../profiles/read-profiles.ts';
import type { FileReading } from './directory-reader.ts';

/** More documents than anybody has agents. */
const MAX_DOCUMENTS = 1000;

/** What the files of a directory say. */
export interface Documents {
  readonly sources: readonly ProfileSource[];
  /** Of each file, the profiles in it, those too whose documents cannot be read. */
  readonly names: ReadonlyMap<string, ReadonlySet<string>>;
  /** Profiles that are there, but whose documents cannot be read. */
  readonly unreadable: ReadonlySet<string>;
  /** Why, a line each, with file, line and column. */
  readonly problems: readonly string[];
  /** A problem of a source as a line: file, line and column, profile, path, message. */
  readonly textOf: (problem: ProfileProblem) => string;
}

/**
 * Takes the files of a directory apart into documents. Of a document that cannot be read the name may still be seen; where it cannot, it counts
 * as all those profiles that were last (`before`) in its file and now are nowhere. Yields after each file, so that a server can attend to
 * something else.
 */
export function* profileDocuments(
  dir: string,
  files: ReadonlyMap<string, FileReading>,
  before: Documents['names'],
): Generator<void, Documents> {
  const all: Piece[] = [];
  for (const [file, reading] of files) {
    all.push(...piecesOf(file, join(dir, file), reading));
    yield;
  }
  const kept = all.slice(0, MAX_DOCUMENTS);
  const present = new Set(all.flatMap(({ name }) => name ?? []));
  const names = new Map([...files.keys()].map((file) => [file, new Set<string>()]));
  const unreadable = new Set<string>();
  for (const [index, { file, name, source }] of all.entries()) {
    const meant = name === undefined ? [...(before.get(file) ?? [])].filter((one) => !present.has(one)) : [name];
    for (const one of meant) {
      names.get(file)?.add(one);
      if (!source || name === undefined || index >= MAX_DOCUMENTS) unreadable.add(one);
    }
  }
  const trees = new Map(kept.flatMap(({ source, document }) => (source ? [[source, document] as const] : [])));
  return {
    sources: [...trees.keys()],
    names,
    unreadable,
    problems: [...all.flatMap(({ problems }) => problems), ...tooMany(dir, all.length)],
    textOf: (problem) => problemText(problem, trees.get(problem.source)),
  };
}

function tooMany(dir: string, count: number): readonly string[] {
  return count > MAX_DOCUMENTS ? [`${dir}: has more than the ${MAX_DOCUMENTS} documents that are read`] : [];
}

/** A document, or a file that is none. */
interface Piece {
  readonly file: string;
  readonly name: string | undefined;
  readonly source?: ProfileSource;
  readonly document?: YamlDocument;
  readonly problems: readonly string[];
}

function piecesOf(file: string, origin: string, reading: FileReading): readonly Piece[] {
  if ('problem' in reading) return [{ file, name: undefined, problems: [`${origin}: ${reading.problem}`] }];
  return readDocuments(reading.text).flatMap((document): Piece[] => {
    if (!('json' in document)) {
      const lines = document.problems.map(({ line, column, message }) => `${origin}:${line}:${column}: ${message}`);
      return [{ file, name: nameSeen(document), problems: lines }];
    }
    // Nothing but comments, or what stands behind the last separator.
    if (document.json === null) return [];
    const source = { origin, document: document.json };
    return [{ file, name: nameOf(document.json), source, document, problems: [] }];
  });
}

function nameSeen({ tree }: BrokenDocument): string | undefined {
  const name = tree?.getIn(['metadata', 'name']);
  return typeof name === 'string' ? name : undefined;
}

function problemText(
  { source, path, own, message, at: spot }: ProfileProblem,
  document: YamlDocument | undefined,
): string {
  // What a document inherits is not in it: then the key is what there is to show.
  const at = document && positionOf(document, own, own.length < path.length ? 'key' : (spot ?? 'value'));
  const place = at ? `${source.origin}:${at.line}:${at.column}` : source.origin;
  const parts = [place, nameOf(source.document), path.length === 0 ? undefined : pathText(path), message];
  return parts.filter((part) => part !== undefined).join(': ');
}
