import { isScalar, isSeq, type ParsedNode } from 'yaml';
import { isObject, type Json } from '../../lib/json.ts';
import type { Slot } from './document-draft.ts';
import { type Gap, insertLines, insertParts } from './insert.ts';
import {
  blockLines,
  type Entry,
  flowEntry,
  type FlowStyle,
  flowText,
  inlineText,
  listLines,
  mapLines,
  textInPlaceOf,
} from './print.ts';
import { replaceBelow, replaceInLine } from './replace.ts';
import { columnOf, isBlock, isHollow, quotesOf, type SourceNode } from './source-node.ts';
import { type Change, contentStart, indentAt, inOrder, insertion, lineBefore, type SourceText } from './source-text.ts';
import { blockStyle, bracketStyle } from './style.ts';

/**
 * The changes of the text that make of it what the draft says, in order: insertions wherever something is new, and a replacement only where a
 * value was there. A place whose writing is not understood (`? key` without a value) gives no change: the caller has to see whether
 * the text then says what it should.
 */
export function changesOf(page: SourceText, root: Slot): readonly Change[] {
  return inOrder(changesIn(page, root, []));
}

// Changes inside of a part come before those behind it: where both fall on one offset, that is the order of the text.
function changesIn(page: SourceText, slot: Slot, around: readonly ParsedNode[]): readonly Change[] {
  const { author } = slot;
  const node = author?.node;
  if (!author || !node) return [];
  const collection: Collection = { page, written: { ...author, node }, scope: [node, ...around] };
  if (slot.fields) return mapChanges(collection, slot.fields);
  return slot.elements ? listChanges(collection, slot.elements) : [];
}

interface Collection {
  readonly page: SourceText;
  readonly written: Gap['collection'];
  /** The collection, and all around it from the inside out. */
  readonly scope: readonly ParsedNode[];
}

function mapChanges(collection: Collection, fields: ReadonlyMap<string, Slot>): readonly Change[] {
  const added: Entry[] = [];
  const changes: Change[] = [];
  let last: SourceNode | undefined;
  for (const [key, slot] of fields) {
    if (slot.author) {
      changes.push(...partChanges(collection, slot, slot.author));
      last = slot.author;
    } else if (slot.ours !== undefined) added.push([key, slot.ours]);
  }
  return added.length > 0 ? [...changes, ...entriesInto(collection, last, added)] : changes;
}

function listChanges(collection: Collection, elements: readonly Slot[]): readonly Change[] {
  const changes: Change[] = [];
  let after: SourceNode | undefined;
  let added: Json[] = [];
  for (const slot of elements) {
    if (!slot.author) {
      if (slot.ours !== undefined) added.push(slot.ours);
      continue;
    }
    if (added.length > 0) changes.push(...elementsInto(collection, after, added));
    changes.push(...partChanges(collection, slot, slot.author));
    added = [];
    after = slot.author;
  }
  return added.length > 0 ? [...changes, ...elementsInto(collection, after, added)] : changes;
}

function entriesInto(
  { page, written, scope }: Collection,
  after: SourceNode | undefined,
  entries: readonly Entry[],
): readonly Change[] {
  const gap = { collection: written, after };
  if (isBlock(written.node)) return [insertLines(page, gap, mapLines(entries, blockStyle(scope)))];
  const style = flowStyleOf(page, written.node);
  return insertParts(page, gap, style.comma, (lineStart) => entries.map((entry) => flowEntry(entry, style, lineStart)));
}

function elementsInto(
  { page, written, scope }: Collection,
  after: SourceNode | undefined,
  values: readonly Json[],
): readonly Change[] {
  const gap = { collection: written, after };
  if (isBlock(written.node)) return [insertLines(page, gap, listLines(values, blockStyle(scope)))];
  const style = flowStyleOf(page, written.node);
  return insertParts(page, gap, style.comma, (lineStart) => values.map((value) => flowText(value, style, lineStart)));
}

function flowStyleOf({ text, json }: SourceText, node: ParsedNode): FlowStyle {
  return json ?? bracketStyle(text.slice(node.range[0], node.range[1]));
}

function partChanges({ page, written, scope }: Collection, slot: Slot, author: SourceNode): readonly Change[] {
  const { ours } = slot;
  if (ours === undefined) return changesIn(page, slot, scope);
  const { node } = written;
  if (hasOnlyComments(page, author.node)) return insertBelowComments(page, author.node, ours);
  if (typeof ours === 'string' && isScalar(author.node) && !page.json) {
    const text = textInPlaceOf(ours, quotesOf(author.node), !isBlock(node));
    return replaceInLine(page, author, text);
  }
  if (!isBlock(node)) {
    const lineStart = page.eol + indentAt(page, contentStart(author));
    return replaceInLine(page, author, flowText(ours, flowStyleOf(page, node), lineStart));
  }
  const style = blockStyle(scope);
  const lines = blockLines(ours, style);
  if (!lines) return replaceInLine(page, author, inlineText(ours));
  if (isSeq(node)) return replaceInLine(page, author, lines.join(page.eol + ' '.repeat(columnOf(node) + 2)));
  const indent = ' '.repeat(columnOf(node) + (isObject(ours) ? style.map : style.list));
  return replaceBelow(page, author, lines.map((line) => page.eol + indent + line).join(''));
}

/** Empty brackets give way to lines, unless the author has said something in them: that stays, and ours goes below it. */
function insertBelowComments(page: SourceText, node: ParsedNode, ours: Json): readonly Change[] {
  const [start, end] = node.range;
  const inBrackets = flowText(ours, bracketStyle(''), '').slice(1, -1);
  const commentsEnd = start + page.text.slice(start, end - 1).trimEnd().length;
  const line = lineBefore(page, commentsEnd).trimStart();
  const indent = indentAt(page, commentsEnd) + (line.startsWith('#') ? '' : '  ');
  return [insertion(commentsEnd, page.eol + indent + inBrackets)];
}

function hasOnlyComments({ text }: SourceText, node: ParsedNode | null): node is ParsedNode {
  return node !== null && !isBlock(node) && isHollow(node) && text.slice(node.range[0], node.range[1]).includes('#');
}
