import { type Document, LineCounter, type Node, parseAllDocuments, type ParsedNode, visit } from 'yaml';
import type { Json } from '../lib/json.ts';

/** Something wrong at one place of the text, in a sentence that names what, not where. Line and column count from 1. */
export interface Problem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** A place in the text, counted from 1 as editors do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One document of a YAML stream: its tree with source positions, and what it says. */
export interface YamlDocument {
  readonly root: ParsedNode | null;
  readonly json: Json;
  /** Every anchored node that an alias of the document points to, with where the first such alias starts: a change in it shows there too. */
  readonly aliased: ReadonlyMap<Node, number>;
  readonly position: (offset: number) => Position;
}

export type Stream =
  | { readonly ok: true; readonly documents: readonly YamlDocument[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

type ParseOptions = NonNullable<Parameters<typeof parseAllDocuments>[1]>;

/**
 * YAML as kubectl reads it (sigs.k8s.io/yaml, https://github.com/kubernetes-sigs/yaml): 1.1 scalars, so that `yes` is true and 0644 octal,
 * but no times; merge keys; string keys only, as there is no other in JSON.
 */
const DIALECT: ParseOptions = {
  schema: 'yaml-1.1',
  merge: true,
  stringKeys: true,
  resolveKnownTags: false,
  customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || isJsonTag(tag)),
  keepSourceTokens: true,
  prettyErrors: false,
};

/** An anchor used more often than this, or aliases of aliases that multiply to it, is an attack ("billion laughs") or a mistake. */
const MAX_ALIASES = 10_000;

function isJsonTag(tag: { readonly tag: string; readonly format?: string }): boolean {
  return tag.format !== 'TIME' && !/:(?:binary|omap|pairs|set|timestamp)$/.test(tag.tag);
}

/** A document that cannot be read: why, and its tree as far as the parser came. */
export interface BrokenDocument {
  readonly problems: readonly Problem[];
  readonly tree: Document.Parsed | undefined;
}

/** The documents of a YAML or JSON text, each with its tree and its JSON; or every problem of the text at once. Never throws. */
export function readStream(text: string): Stream {
  const documents: YamlDocument[] = [];
  const problems: Problem[] = [];
  for (const read of readDocuments(text)) {
    if ('json' in read) documents.push(read);
    else problems.push(...read.problems);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, documents };
}

/** The documents of a text one by one: those that can be read, and those that cannot. Never throws. */
export function readDocuments(text: string): readonly (YamlDocument | BrokenDocument)[] {
  const lines = new LineCounter();
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  try {
    return documentsOf(text, lines).map((parsed) => {
      const read = readDocument(parsed, position);
      if ('json' in read) return read;
      const problems = read.map((problem) => ({ ...problem, message: problem.message + hintFor(text, problem.line) }));
      return { problems, tree: parsed };
    });
  } catch (error) {
    return [{ problems: [{ line: 1, column: 1, message: messageOf(error) }], tree: undefined }];
  }
}

/** The parser's own documents, whose trees may be changed by the caller; their errors are theirs to read. */
export function documentsOf(text: string, lines?: LineCounter): readonly Document.Parsed[] {
  const parsed = parseAllDocuments(text, lines ? { ...DIALECT, lineCounter: lines } : DIALECT);
  // A text without any document comes back as a list with extras; what it may complain of there (a lone directive) does not matter to us.
  return [...parsed];
}

function readDocument(
  document: Document.Parsed,
  position: (offset: number) => Position,
): YamlDocument | readonly Problem[] {
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => ({ ...position(error.pos[0]), message: clearer(error.message) }));
    // One fault makes the parser stumble on: what else it says of the same line is about itself.
    return problems.filter(({ line }, index) => problems[index - 1]?.line !== line);
  }
  const { targets, dangling } = aliasesOf(document);
  try {
    return { root: document.contents, json: jsonOf(document), aliased: targets, position };
  } catch (error) {
    return [{ ...position(dangling ?? document.range[0]), message: messageOf(error) }];
  }
}

function messageOf(error: unknown): string {
  return clearer(error instanceof Error ? error.message : String(error));
}

/** The parser's sentences are good but for two, which speak of how it works. */
function clearer(message: string): string {
  // It calls itself once per level, and passes the engine's complaint on.
  if (message.includes('call stack')) return 'nested too deeply';
  return message.startsWith('With stringKeys') ? 'Map keys must be strings' : message;
}

/** Braces of a Helm template are YAML of another meaning, so the parser's own complaint would only puzzle. */
function hintFor(text: string, line: number): string {
  const found = text.split('\n', line)[line - 1] ?? '';
  return found.includes('{{') ? '; this looks like the template of a Helm chart: render it first' : '';
}

/** Aliased objects come out of the parser as one object in several places: the detour over text gives each place its own. */
function jsonOf(document: Document.Parsed): Json {
  const json: Json = JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: MAX_ALIASES }) ?? null));
  return json;
}

function aliasesOf(document: Document.Parsed): { targets: ReadonlyMap<Node, number>; dangling: number | undefined } {
  const anchors = new Map<string, Node>();
  const targets = new Map<Node, number>();
  let dangling: number | undefined;
  visit(document, {
    // An anchor may be given anew further down; an alias means the last one above it (YAML 1.2.2 §7.1).
    Value: (_, node) => {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
    Alias: (_, alias) => {
      const target = anchors.get(alias.source);
      const offset = alias.range?.[0] ?? 0;
      if (!target) dangling ??= offset;
      else if (!targets.has(target)) targets.set(target, offset);
    },
  });
  return { targets, dangling };
}
