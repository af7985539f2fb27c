import type { ParsedNode } from 'yaml';
import { childrenOf, columnOf, indicatorEnd, type SourceNode, startOf } from './source-node.ts';
import type { SourceText, TextEdit } from './source-text.ts';

/** The place for new parts in a collection that is not empty: behind one of its parts or, without `after`, before the first. */
export interface InsertionPoint {
  readonly collection: SourceNode & { readonly node: ParsedNode };
  readonly after: SourceNode | undefined;
}

/** Inserts lines of block style: always whole lines, so that no line of the author's changes. */
export function insertLines(
  source: SourceText,
  { collection, after }: InsertionPoint,
  lines: readonly string[],
): TextEdit {
  const column = columnOf(collection.node);
  const below = lines.map((line) => source.eol + ' '.repeat(column) + line).join('');
  if (after) return source.insert(source.afterElement(source.endOf(after), column), below);
  const [start] = collection.node.range;
  const indicator = indicatorEnd(collection);
  // Comments above the first element stay with it: the new lines go above them, right below the key.
  if (indicator !== undefined && source.startsLine(start)) return source.insert(source.lineEnd(indicator), below);
  // In a list of lists, `- - a`, the first dash on this line belongs to the outer list.
  return source.insert(start, below.trimStart() + source.eol + ' '.repeat(column));
}

export type PrintParts = (lineStart: string) => readonly string[];

/** Inserts parts of flow style: on the line of their neighbours if these share one, otherwise each on its own line. */
export function insertFlow(
  source: SourceText,
  { collection: { node }, after }: InsertionPoint,
  comma: string,
  print: PrintParts,
): readonly TextEdit[] {
  if (after) return insertFlowAfter(source, after, comma, print);
  const open = node.range[0] + 1;
  const [first] = childrenOf(node);
  const start = first ? startOf(first) : open;
  if (source.endsLine(open) && source.startsLine(start)) {
    const lineStart = source.eol + source.indentAt(start);
    const lines = print(lineStart).map((part) => `${lineStart}${part},`);
    return [source.insert(source.lineEnd(open), lines.join(''))];
  }
  const padding = /^[ \t]*/.exec(source.text.slice(open, start))?.[0].length ?? 0;
  const parts = print(source.eol + source.indentAt(open)).map((part) => part + comma);
  return [source.insert(open + padding, parts.join(''))];
}

function insertFlowAfter(source: SourceText, after: SourceNode, comma: string, print: PrintParts): readonly TextEdit[] {
  const start = startOf(after);
  const end = source.endOf(after);
  const lineStart = source.eol + source.indentAt(start);
  const parts = print(lineStart);
  const lineEnd = source.lineEnd(end);
  const oldComma = /^[ \t]*,/.exec(source.text.slice(end, lineEnd))?.[0] ?? '';
  if (!source.startsLine(start) || !source.endsLine(end + oldComma.length))
    return [source.insert(end, parts.map((part) => comma + part).join(''))];
  const lines = parts.map((part) => lineStart + part);
  // A comma behind the neighbour stays in place, and so does a comment behind that comma.
  if (oldComma) return [source.insert(lineEnd, lines.map((line) => `${line},`).join(''))];
  return [source.insert(end, ','), source.insert(lineEnd, lines.join(','))];
}
