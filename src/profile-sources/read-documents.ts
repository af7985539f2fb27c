import { PRODUCT, PROFILE_API_VERSION, PROFILE_KIND } from '../api/keys.ts';
import { isObject, type Json, type JsonObject, objectIn } from '../lib/json.ts';
import type { Result } from '../lib/result.ts';
import { pathText } from '../lib/text.ts';
import { positionOf } from '../manifests/locate.ts';
import { type BrokenDocument, readDocuments } from '../manifests/yaml.ts';
import { nameOf, specAsInFile } from '../api/profile-resource.ts';
import type { ProfileProblem, ProfileSource } from '../profiles/problem.ts';

export type FileContent = Result<string, string>;

/** An error in a file of profiles. Line and column count from 1. */
export interface FileProblem {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  readonly profile?: string | undefined;
  readonly path?: readonly PropertyKey[];
  readonly message: string;
}

export interface FileDocument {
  /** The profile's name; for a document with errors, if the parser came as far. */
  readonly name: string | undefined;
  readonly source: Result<ProfileSource, readonly FileProblem[]>;
}

/** Reads the documents of a file. Those without content (comments only) are left out. A file that cannot be read counts as one document. */
export function readProfileDocuments(file: string, content: FileContent): readonly FileDocument[] {
  if (!content.ok) return [invalid(undefined, [{ file, message: content.error }])];
  return readDocuments(content.value).flatMap((document): readonly FileDocument[] => {
    if (!('json' in document)) {
      const problems = document.problems.map((problem) => ({ file, ...problem }));
      return [invalid(nameInTree(document), problems)];
    }
    const { json } = document;
    if (json === null) return [];
    if (isOtherKind(json)) {
      return [invalid(nameOf(json), [{ file, ...positionOf(document, ['kind'], 'value'), message: NOT_A_PROFILE }])];
    }
    const derived = derivedIn(json);
    const source: ProfileSource = {
      origin: file,
      document: isObject(json) && derived ? { ...json, spec: specAsInFile(objectIn(json, 'spec')) } : json,
      positionOf: (path, at) => positionOf(document, derived ? placeInResource(path, derived) : path, at),
    };
    return [{ name: nameOf(json), source: { ok: true, value: source } }];
  });
}

/** What a profile that extends another one has in its place as a resource of the cluster: a file may have this form, too. */
function derivedIn(json: Json): JsonObject | undefined {
  const derived = isObject(json) && isObject(json['spec']) ? json['spec']['derived'] : undefined;
  return isObject(derived) ? derived : undefined;
}

function placeInResource(path: readonly PropertyKey[], derived: JsonObject): readonly PropertyKey[] {
  const [spec, field, ...rest] = path;
  return spec === 'spec' && field !== undefined && field in derived ? [spec, 'derived', field, ...rest] : path;
}

function invalid(name: string | undefined, problems: readonly FileProblem[]): FileDocument {
  return { name, source: { ok: false, error: problems } };
}

function nameInTree({ tree }: BrokenDocument): string | undefined {
  const name = tree?.getIn(['metadata', 'name']);
  return typeof name === 'string' ? name : undefined;
}

const NOT_A_PROFILE = `not an ${PROFILE_KIND}: apiVersion must be "${PROFILE_API_VERSION}", kind must be "${PROFILE_KIND}". Manifests of workloads are for agent-injector inject -f or explain -f`;

/** True for other Kubernetes objects: what they lack to be a profile is of no use to their author. */
function isOtherKind(json: Json): boolean {
  if (!isObject(json)) return false;
  const { apiVersion, kind } = json;
  return typeof apiVersion === 'string' && !apiVersion.startsWith(PRODUCT) && kind !== PROFILE_KIND;
}

export function fileProblem({ source, path, sourcePath, message, at }: ProfileProblem): FileProblem {
  // An inherited part is not in the file: then the place is the key that is nearest to it.
  const position = source.positionOf?.(sourcePath, sourcePath.length < path.length ? 'key' : (at ?? 'value'));
  return { file: source.origin, ...position, profile: nameOf(source.document), path, message };
}

/** `FILE:LINE:COLUMN: PROFILE: PATH: MESSAGE`, without unknown parts. */
export function fileProblemText({ file, line, column, profile, path = [], message }: FileProblem): string {
  const place = line === undefined ? file : `${file}:${line}:${column}`;
  const parts = [place, profile, path.length > 0 ? pathText(path) : undefined, message];
  return parts.filter((part) => part !== undefined).join(': ');
}
