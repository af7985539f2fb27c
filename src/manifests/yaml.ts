import {
  type Document,
  isNode,
  isScalar,
  LineCounter,
  type Node,
  parseAllDocuments,
  type ParsedNode,
  visit,
} from 'yaml';
import { errorMessage } from '../lib/error-message.ts';
import type { Json } from '../lib/json.ts';
import type { Result } from '../lib/result.ts';
import { DIALECT } from './yaml-dialect.ts';

/** A place in a text, counted from 1 as in editors. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** An error at one place of a text. The message does not repeat the place. */
export interface SyntaxProblem extends Position {
  readonly message: string;
}

/** One document of a YAML stream: its tree with source positions, and its value. */
export interface YamlDocument {
  readonly root: ParsedNode | null;
  readonly json: Json;
  /** Anchored nodes that aliases refer to, with the offset of the first alias: a change of the node changes its aliases, too. */
  readonly aliased: ReadonlyMap<Node, number>;
  readonly position: (offset: number) => Position;
}

/** A document with errors, and the part of its tree that could be parsed. */
export interface BrokenDocument {
  readonly problems: readonly SyntaxProblem[];
  readonly tree: Document.Parsed | undefined;
}

/** Limit of uses of one anchor, counted through nested aliases: a text above it is an attack ("billion laughs") or a mistake. */
const MAX_ALIASES = 10_000;

/** Reads all documents of a YAML or JSON text, or fails with every problem of the text. Never throws. */
export function readStream(text: string): Result<readonly YamlDocument[], readonly SyntaxProblem[]> {
  const read = readDocuments(text);
  const problems = read.flatMap((document) => ('json' in document ? [] : document.problems));
  return problems.length > 0
    ? { ok: false, error: problems }
    : { ok: true, value: read.filter((document) => 'json' in document) };
}

/** Reads the only document of a text; null for an empty text. Never throws. */
export function readSingle(text: string): Result<Json, readonly SyntaxProblem[]> {
  const read = readStream(text);
  if (!read.ok) return read;
  const [only, second] = read.value;
  if (!second) return { ok: true, value: only?.json ?? null };
  return { ok: false, error: [{ ...second.position(second.root?.range[0] ?? 0), message: 'a second document' }] };
}

/** Reads each document of a text, valid or not. Never throws. */
export function readDocuments(text: string): readonly (YamlDocument | BrokenDocument)[] {
  const lines = new LineCounter();
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  try {
    return documentsOf(text, lines).map((parsed) => {
      const read = readDocument(parsed, position);
      if (read.ok) return read.value;
      const problems = read.error.map((one) => ({ ...one, message: one.message + hintFor(text, one.line) }));
      return { problems, tree: parsed };
    });
  } catch (error) {
    return [{ problems: [{ line: 1, column: 1, message: clearer(errorMessage(error)) }], tree: undefined }];
  }
}

/** Parses a text into the library's own documents. Callers may change the trees and must check `errors`. */
export function documentsOf(text: string, lines?: LineCounter): readonly Document.Parsed[] {
  const options = { ...DIALECT, keepSourceTokens: true, prettyErrors: false };
  // A text without a document is returned as an array with extra properties. Its warnings (a lone directive) do not matter here.
  return [...parseAllDocuments(text, lines ? { ...options, lineCounter: lines } : options)];
}

function readDocument(
  document: Document.Parsed,
  position: (offset: number) => Position,
): Result<YamlDocument, readonly SyntaxProblem[]> {
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ pos, message }) => ({ ...position(pos[0]), message: clearer(message) }));
    // A tab shifts the columns of what follows, which is right.
    const tab = problems.find(({ message }) => message.startsWith('Tabs are not allowed as indentation'));
    if (tab) return { ok: false, error: [tab] };
    // One error causes others on the same line: only the first is of use.
    return { ok: false, error: problems.filter(({ line }, index) => problems[index - 1]?.line !== line) };
  }
  const { aliased, dangling, badKey } = inspect(document);
  if (badKey !== undefined) return { ok: false, error: [{ ...position(badKey), message: 'Map keys must be strings' }] };
  try {
    return { ok: true, value: { root: document.contents, json: jsonOf(document), aliased, position } };
  } catch (error) {
    return {
      ok: false,
      error: [{ ...position(dangling ?? document.range[0]), message: clearer(errorMessage(error)) }],
    };
  }
}

function clearer(message: string): string {
  // The parser recurses once per level, and passes on the engine's error.
  return message.includes('call stack') ? 'nested too deeply' : message;
}

function hintFor(text: string, line: number): string {
  const found = text.split('\n', line)[line - 1] ?? '';
  return found.includes('{{') ? '; this looks like the template of a Helm chart: render it first' : '';
}

/** The parser returns one object for all aliases of an anchor: the round trip through text makes a copy for each. */
function jsonOf(document: Document.Parsed): Json {
  const json: Json = JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: MAX_ALIASES }) ?? null));
  return json;
}

/** The nodes that aliases refer to, and the offsets of the first alias without an anchor and of the first key that is not a scalar. */
function inspect(document: Document.Parsed): {
  readonly aliased: ReadonlyMap<Node, number>;
  readonly dangling: number | undefined;
  readonly badKey: number | undefined;
} {
  const anchors = new Map<string, Node>();
  const aliased = new Map<Node, number>();
  let dangling: number | undefined;
  let badKey: number | undefined;
  visit(document, {
    // An anchor may be defined again further down; an alias refers to the last one above it (YAML 1.2.2 §7.1).
    Value: (_, node) => {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
    Alias: (_, alias) => {
      const target = anchors.get(alias.source);
      const offset = alias.range?.[0] ?? 0;
      if (!target) dangling ??= offset;
      else if (!aliased.has(target)) aliased.set(target, offset);
    },
    Pair: (_, { key }) => {
      if (isNode(key) && !isScalar(key)) badKey ??= key.range?.[0] ?? 0;
    },
  });
  return { aliased, dangling, badKey };
}
