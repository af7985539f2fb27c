import type { ParsedNode } from 'yaml';
import type { FlowStyle } from './print.ts';
import { behindSign, isBlock, isUnwritten, partsOf, type SourceNode } from './source-node.ts';
import { jsonStyle } from './style.ts';

/** One change of a text: at an offset, what goes and what comes. An insertion takes nothing away. */
export interface Change {
  readonly offset: number;
  readonly removed: string;
  readonly inserted: string;
}

/** A text to be written into, one document at a time. */
export interface SourceText {
  readonly text: string;
  /** The line break that it uses. */
  readonly eol: string;
  /** How the document is written when it is JSON; undefined when it is YAML. */
  readonly json: FlowStyle | undefined;
}

/** The page for one document of the text. */
export function sourceTextOf(text: string, root: ParsedNode | null): SourceText {
  const eol = /\r?\n/.exec(text)?.[0] ?? '\n';
  return { text, eol, json: root && !isBlock(root) ? jsonStyle(text.slice(root.range[0], root.range[1])) : undefined };
}

/** An insertion as a change. */
export function insertion(offset: number, inserted: string): Change {
  return { offset, removed: '', inserted };
}

/** Changes by offset. Of several at one place, the first one given stays the first. */
export function inOrder(changes: readonly Change[]): readonly Change[] {
  return changes.toSorted((one, other) => one.offset - other.offset);
}

/** The text with all changes made, which have to be in order. */
export function withChanges(text: string, changes: readonly Change[]): string {
  let done = 0;
  let result = '';
  for (const { offset, removed, inserted } of changes) {
    result += text.slice(done, offset) + inserted;
    done = offset + removed.length;
  }
  return result + text.slice(done);
}

/** Where the line ends that holds the offset: before its line break, or at the end of the text. */
export function lineEnd({ text }: SourceText, offset: number): number {
  const newline = text.indexOf('\n', offset);
  if (newline === -1) return text.length;
  return newline > offset && text[newline - 1] === '\r' ? newline - 1 : newline;
}

/** What stands on the line before the offset. */
export function lineBefore({ text }: SourceText, offset: number): string {
  return text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
}

/** The white space that the offset's line begins with. */
export function indentAt(page: SourceText, offset: number): string {
  return /^[ \t]*/.exec(lineBefore(page, offset))?.[0] ?? '';
}

/** True when the rest of the line is empty but for a comment. */
export function endsLine(page: SourceText, offset: number): boolean {
  return /^[ \t]*(?:#.*)?$/.test(page.text.slice(offset, lineEnd(page, offset)));
}

/**
 * Where a new line goes that follows an element: after the element's own last line, and after comments indented deeper than the elements are,
 * as they speak of what is inside. A comment level with the elements, or further left, belongs to what comes next.
 */
export function afterElement(page: SourceText, offset: number, indent: number): number {
  let end = lineEnd(page, offset);
  for (let next = end; next < page.text.length;) {
    const start = page.text.indexOf('\n', next) + 1;
    if (start === 0) break;
    next = lineEnd(page, start);
    const line = page.text.slice(start, next);
    const comment = line.search(/\S/);
    if (comment === -1) continue;
    if (line[comment] !== '#' || comment <= indent) break;
    end = next;
  }
  return end;
}

/** Where what the author wrote begins: its key in a map, else the value itself. */
export function contentStart({ node, item }: SourceNode): number {
  return item?.key?.offset ?? node?.range[0] ?? 0;
}

/** Where what the author wrote ends: behind the last character that is no comment, no blank and no final line break. */
export function contentEnd({ text }: SourceText, written: SourceNode): number {
  const { node, item } = innermost(written);
  if (!node || isUnwritten({ node, item })) return behindSign({ node, item }) ?? contentStart({ node, item });
  const [, end] = node.range;
  // The final line break is part of a text behind `|` or `>`, and of nothing else.
  return isBlock(node) ? end - (/\r?\n$/.exec(text.slice(end - 2, end))?.[0].length ?? 0) : end;
}

/** What ends where the value ends: the last part of the last part of a block, all the way in. */
function innermost(written: SourceNode): SourceNode {
  let at = written;
  for (let last: SourceNode | undefined = at; last; last = isBlock(at.node) ? partsOf(at.node).at(-1) : undefined)
    at = last;
  return at;
}
