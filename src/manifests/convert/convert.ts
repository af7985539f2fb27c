import { isDeepStrictEqual } from 'node:util';
import { isMap, isScalar, type ParsedNode } from 'yaml';
import { PROFILE_KIND } from '../../api/keys.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { applyChanges, changeText, type WordChange, wordOf } from '../../profiles/earlier-words/change.ts';
import { earlierWords } from '../../profiles/earlier-words/find.ts';
import { applyTextEdits, SourceText, type TextEdit } from '../edit/source-text.ts';
import { type Position, readStream, type SyntaxProblem, type YamlDocument } from '../yaml.ts';
import { childrenOf } from '../edit/source-node.ts';
import { embeddedEdits, placeInside } from './embedded-text.ts';
import { type MapNode, memberEdit, quotedLike } from './member-edit.ts';

export interface ConvertedText {
  readonly text: string;
  /** What was changed, by the lines of the text as it was. */
  readonly changes: readonly SyntaxProblem[];
  /** What was left as it is, and why. */
  readonly problems: readonly SyntaxProblem[];
  readonly profiles: number;
}

/**
 * Rewrites the earlier words of the profiles in a text, and nothing else: of documents, of items of lists and of maps (the values of a chart), and of texts
 * inside (a ConfigMap). What comes out, parsed again, is what the words mean; this is verified on the text that is returned.
 */
export function convertText(text: string): ConvertedText {
  const stream = readStream(text);
  if (!stream.ok) return { text, changes: [], problems: stream.error, profiles: 0 };
  const all = stream.value.map((document) => new Conversion(text, document).of(document.root, document.json));
  const { edits, changes, problems, profiles } = together(all, null);
  const after = applyTextEdits(text, edits);
  const read = readStream(after);
  const expected = all.map((one) => one.expected);
  if (
    read.ok &&
    isDeepStrictEqual(
      read.value.map(({ json }) => json),
      expected,
    )
  )
    return { text: after, changes, problems, profiles };
  const failed = changes.map(({ message, ...place }) => ({ ...place, message: `${message}; ${BY_HAND}` }));
  return { text, changes: [], problems: [...problems, ...failed], profiles };
}

const BY_HAND =
  'something in this file is written in a way that cannot be converted without changing other parts: change it by hand';

/** Of a text that cannot be parsed: the kind stands there as in a document. */
const IS_PROFILE = new RegExp(`^\\s*(?:- )?["']?kind["']?:\\s*["']?${PROFILE_KIND}["']?,?\\s*(?:#.*)?$`, 'm');

/** What is found in a part of a document, and the value that the part has afterwards. */
interface Found {
  readonly edits: readonly TextEdit[];
  readonly changes: readonly SyntaxProblem[];
  readonly problems: readonly SyntaxProblem[];
  readonly profiles: number;
  readonly expected: Json;
}

type Node = ParsedNode | null;

class Conversion {
  readonly #source: SourceText;
  readonly #document: YamlDocument;

  constructor(text: string, document: YamlDocument) {
    this.#source = new SourceText(text, document.root);
    this.#document = document;
  }

  /** Follows the text and its value together: an alias has a value, and its text stands elsewhere. */
  of(node: Node, json: Json): Found {
    if (typeof json === 'string') return this.#inString(node, json);
    if (Array.isArray(json)) {
      const items = json.map((item: Json, index) => this.of(childOf(node, index), item));
      return together(
        items,
        items.map(({ expected }) => expected),
      );
    }
    if (!isObject(json)) return nothingIn(json);
    if (json['kind'] === PROFILE_KIND) return this.#inProfile(node, json);
    const fields = Object.entries(json).map(
      ([name, value]) => [name, this.of(childOf(node, name), value ?? null)] as const,
    );
    return together(
      fields.map(([, found]) => found),
      Object.fromEntries(fields.map(([name, { expected }]) => [name, expected])),
    );
  }

  #inProfile(node: Node, json: JsonObject): Found {
    const found = earlierWords(json);
    const unplaced = found.filter(({ kind }) => kind === 'unplaced');
    const changes = found.filter((change) => !unplaced.includes(change));
    const inText = (change: WordChange): SyntaxProblem => ({
      ...this.#place(node, change),
      message: changeText(change),
    });
    return {
      edits: changes.flatMap((change) => this.#edits(nodeAt(node, change.path), change)),
      changes: changes.map(inText),
      problems: unplaced.map(inText),
      profiles: 1,
      expected: applyChanges(json, changes),
    };
  }

  #place(node: Node, change: WordChange): Position {
    const found = nodeAt(node, change.path);
    const key = isMap<ParsedNode>(found) ? keyOf(found, wordOf(change)) : undefined;
    return this.#document.position((key ?? found ?? node)?.range[0] ?? 0);
  }

  #edits(node: Node, change: WordChange): readonly TextEdit[] {
    if (change.kind === 'member') return isMap<ParsedNode>(node) ? memberEdit(this.#source, node, change) : [];
    if (change.kind === 'unplaced') return [];
    const word = change.kind === 'value' ? node : isMap<ParsedNode>(node) ? keyOf(node, change.from) : undefined;
    if (!isScalar(word)) return [];
    const [start, end] = word.range;
    return [this.#source.replace(start, end, quotedLike(this.#source.text.slice(start, end), change.to))];
  }

  /** A text may be a file of profiles: the values of a ConfigMap are. */
  #inString(node: Node, json: string): Found {
    const inner = json.includes(PROFILE_KIND) ? convertText(json) : undefined;
    if (!inner || !isScalar(node)) return nothingIn(json);
    const unread = inner.profiles === 0 && IS_PROFILE.test(json) ? inner.problems : [];
    if (inner.profiles === 0 && unread.length === 0) return nothingIn(json);
    const inText = (places: readonly SyntaxProblem[]): readonly SyntaxProblem[] =>
      places.map((place) => ({ ...place, ...placeInside(this.#source, node, this.#document.position, place) }));
    return {
      edits: inner.changes.length === 0 ? [] : embeddedEdits(this.#source, node, inner.text),
      changes: inText(inner.changes),
      problems: inText(inner.problems),
      profiles: unread.length > 0 ? 1 : inner.profiles,
      expected: inner.text,
    };
  }
}

function nothingIn(json: Json): Found {
  return { edits: [], changes: [], problems: [], profiles: 0, expected: json };
}

function together(all: readonly Found[], expected: Json): Found {
  return {
    edits: all.flatMap(({ edits }) => edits),
    changes: all.flatMap(({ changes }) => changes),
    problems: all.flatMap(({ problems }) => problems),
    profiles: all.reduce((sum, { profiles }) => sum + profiles, 0),
    expected,
  };
}

function nodeAt(node: Node, path: readonly PropertyKey[]): Node {
  return path.reduce<Node>((at, step) => childOf(at, step), node);
}

function childOf(node: Node, step: PropertyKey): Node {
  return childrenOf(node).find(({ token }) => token === String(step))?.node ?? null;
}

function keyOf(map: MapNode, name: string): ParsedNode | undefined {
  return map.items.map(({ key }) => key).find((key) => isScalar(key) && key.value === name);
}
