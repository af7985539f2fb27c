import { isScalar, isSeq, type ParsedNode } from 'yaml';
import { isObject, type Json } from '../../lib/json.ts';
import type { DraftNode } from './document-draft.ts';
import { insertFlow, insertLines, type InsertionPoint } from './insert.ts';
import {
  blockLines,
  type Entry,
  flowEntry,
  type FlowStyle,
  flowText,
  inlineText,
  listLines,
  mapLines,
  replacementText,
} from './print.ts';
import {
  columnOf,
  indicatorEnd,
  isBlock,
  isEmptyCollection,
  isImplicitNull,
  quotesOf,
  type SourceNode,
  startOf,
} from './source-node.ts';
import type { SourceText, TextEdit } from './source-text.ts';
import { blockStyle, bracketStyle } from './style.ts';

/**
 * The edits that turn the text into what the draft holds: insertions for new values, replacements only for values that were there. A value
 * whose syntax is not supported (`? key` without a value) gives no edit; the caller verifies the result.
 */
export function textEditsOf(source: SourceText, root: DraftNode): readonly TextEdit[] {
  return childEdits(source, root, []);
}

interface Collection {
  readonly source: SourceText;
  readonly part: InsertionPoint['collection'];
  /** The collection and those around it, from the inside out. */
  readonly scope: readonly ParsedNode[];
}

// Edits inside a part come before those behind it: where both have the same offset, that is the order of the text.
function childEdits(source: SourceText, draft: DraftNode, around: readonly ParsedNode[]): readonly TextEdit[] {
  const node = draft.source?.node;
  if (!draft.source || !node) return [];
  const collection: Collection = { source, part: { ...draft.source, node }, scope: [node, ...around] };
  const edits: TextEdit[] = [];
  let after: SourceNode | undefined;
  let added: Entry[] = [];
  for (const child of draft.children ?? []) {
    if (!child.source) {
      added.push([child.token, child.value ?? null]);
      continue;
    }
    edits.push(...insertions(collection, after, added), ...partEdits(collection, child, child.source));
    added = [];
    after = child.source;
  }
  return [...edits, ...insertions(collection, after, added)];
}

function insertions(
  { source, part, scope }: Collection,
  after: SourceNode | undefined,
  added: readonly Entry[],
): readonly TextEdit[] {
  if (added.length === 0) return [];
  const { node } = part;
  const values = added.map(([, value]) => value);
  if (isBlock(node)) {
    const style = blockStyle(scope);
    const lines = isSeq(node) ? listLines(values, style) : mapLines(added, style);
    return [insertLines(source, { collection: part, after }, lines)];
  }
  const style = flowStyleOf(source, node);
  return insertFlow(source, { collection: part, after }, style.comma, (lineStart) =>
    isSeq(node)
      ? values.map((value) => flowText(value, style, lineStart))
      : added.map((entry) => flowEntry(entry, style, lineStart)),
  );
}

function flowStyleOf(source: SourceText, node: ParsedNode): FlowStyle {
  return source.json ?? bracketStyle(source.textOf(node));
}

function partEdits(
  { source, part: { node: parent }, scope }: Collection,
  draft: DraftNode,
  part: SourceNode,
): readonly TextEdit[] {
  const { value } = draft;
  const { node } = part;
  if (value === undefined) return childEdits(source, draft, scope);
  if (hasOnlyComments(source, node)) return [insertBelowComments(source, node, value)];
  if (typeof value === 'string' && isScalar(node) && !source.json)
    return replaceInline(source, part, replacementText(value, quotesOf(node), !isBlock(parent)));
  if (!isBlock(parent)) {
    const lineStart = source.eol + source.indentAt(startOf(part));
    return replaceInline(source, part, flowText(value, flowStyleOf(source, parent), lineStart));
  }
  const style = blockStyle(scope);
  const lines = blockLines(value, style);
  if (!lines) return replaceInline(source, part, inlineText(value));
  if (isSeq(parent)) return replaceInline(source, part, lines.join(source.eol + ' '.repeat(columnOf(parent) + 2)));
  const indent = ' '.repeat(columnOf(parent) + (isObject(value) ? style.map : style.list));
  return replaceBelow(source, part, lines.map((line) => source.eol + indent + line).join(''));
}

function replaceInline(source: SourceText, part: SourceNode, text: string): readonly TextEdit[] {
  const { node } = part;
  if (node && !isImplicitNull(part) && !isBlock(node)) return [source.replace(node.range[0], node.range[1], text)];
  const start = indicatorEnd(part);
  if (start === undefined) return [];
  return [source.replace(start, isImplicitNull(part) ? start : source.endOf(part), ` ${text}`)];
}

/** Replaces a value by lines below its key; a comment behind the key or the value stays on the key's line. */
function replaceBelow(source: SourceText, part: SourceNode, below: string): readonly TextEdit[] {
  const { node } = part;
  const start = indicatorEnd(part);
  if (start === undefined) return [];
  const lineEnd = source.lineEnd(start);
  if (!node || isImplicitNull(part)) return [source.insert(lineEnd, below)];
  const end = source.endOf(part);
  if (node.srcToken?.type === 'block-scalar') return [source.replace(start, end, below)];
  if (node.range[0] > lineEnd) return [source.replace(lineEnd, end, below)];
  return [source.replace(start, end), source.insert(source.lineEnd(end), below)];
}

/** Empty brackets become lines, unless there is a comment in them: then the brackets stay, and the new value goes below the comment. */
function insertBelowComments(source: SourceText, node: ParsedNode, value: Json): TextEdit {
  const inBrackets = flowText(value, bracketStyle(''), '').slice(1, -1);
  const commentsEnd = node.range[0] + source.textOf(node).slice(0, -1).trimEnd().length;
  const isOwnLine = source.linePrefix(commentsEnd).trimStart().startsWith('#');
  const indent = source.indentAt(commentsEnd) + (isOwnLine ? '' : '  ');
  return source.insert(commentsEnd, source.eol + indent + inBrackets);
}

function hasOnlyComments(source: SourceText, node: ParsedNode | null): node is ParsedNode {
  return node !== null && !isBlock(node) && isEmptyCollection(node) && source.textOf(node).includes('#');
}
