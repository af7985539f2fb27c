import type { ParsedNode } from 'yaml';
import { behindSign, columnOf, partsOf, type SourceNode } from './source-node.ts';
import {
  afterElement,
  type Change,
  contentEnd,
  contentStart,
  endsLine,
  indentAt,
  insertion,
  lineBefore,
  lineEnd,
  type SourceText,
} from './source-text.ts';

/** Where new parts go: into a collection that is not empty, behind one of its parts or (`after` undefined) before the first. */
export interface Gap {
  readonly collection: SourceNode & { readonly node: ParsedNode };
  readonly after: SourceNode | undefined;
}

/** Puts lines of block style into the gap: always whole lines, so that none of the author's changes. */
export function insertLines(page: SourceText, { collection, after }: Gap, lines: readonly string[]): Change {
  const { node } = collection;
  const column = columnOf(node);
  const below = lines.map((line) => page.eol + ' '.repeat(column) + line).join('');
  if (after) return insertion(afterElement(page, contentEnd(page, after), column), below);
  const [start] = node.range;
  const sign = behindSign(collection);
  // Comments above the first element are its own, or the list's: what comes before it goes above them, below the key.
  if (sign !== undefined && lineBefore(page, start).trim() === '') return insertion(lineEnd(page, sign), below);
  // A list in a list, `- - a`: the first dash that is on this line is not ours.
  return insertion(start, below.trimStart() + page.eol + ' '.repeat(column));
}

/** The texts of new parts of a flow collection. Of one that takes several lines, all but the first begin with what is given. */
export type Parts = (lineStart: string) => readonly string[];

/** Puts parts of flow style into the gap: on the line where the neighbours share one, else on lines of their own. */
export function insertParts(page: SourceText, gap: Gap, comma: string, parts: Parts): readonly Change[] {
  const { node } = gap.collection;
  if (gap.after) return insertBehind(page, gap.after, comma, parts);
  const open = node.range[0] + 1;
  const [first] = partsOf(node);
  const start = first ? contentStart(first) : open;
  if (endsLine(page, open) && lineBefore(page, start).trim() === '') {
    const lineStart = page.eol + indentAt(page, start);
    const lines = parts(lineStart).map((part) => `${lineStart}${part},`);
    return [insertion(lineEnd(page, open), lines.join(''))];
  }
  const blanks = /^[ \t]*/.exec(page.text.slice(open, start))?.[0].length ?? 0;
  const inLine = parts(page.eol + indentAt(page, open)).map((part) => part + comma);
  return [insertion(open + blanks, inLine.join(''))];
}

function insertBehind(page: SourceText, after: SourceNode, comma: string, parts: Parts): readonly Change[] {
  const start = contentStart(after);
  const end = contentEnd(page, after);
  const lineStart = page.eol + indentAt(page, start);
  const texts = parts(lineStart);
  const follower = /^[ \t]*,/.exec(page.text.slice(end, lineEnd(page, end)))?.[0] ?? '';
  if (lineBefore(page, start).trim() !== '' || !endsLine(page, end + follower.length)) {
    return [insertion(end, texts.map((text) => comma + text).join(''))];
  }
  const lines = texts.map((text) => lineStart + text);
  const below = lineEnd(page, end);
  // A comma behind the neighbour stays where it is, and so does a comment behind that comma.
  if (follower) return [insertion(below, lines.map((line) => `${line},`).join(''))];
  return [insertion(end, ','), insertion(below, lines.join(','))];
}
