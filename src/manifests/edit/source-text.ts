import type { ParsedNode } from 'yaml';
import type { FlowStyle } from './print.ts';
import { childrenOf, indicatorEnd, isBlock, isImplicitNull, type SourceNode, startOf } from './source-node.ts';
import { jsonStyle } from './style.ts';

/** One edit of a text: what is removed at an offset, and what is inserted there. */
export interface TextEdit {
  readonly offset: number;
  readonly removed: string;
  readonly inserted: string;
}

/** Applies edits, ordered by offset. Of several at one offset, the first in the list stays first. */
export function applyTextEdits(text: string, edits: readonly TextEdit[]): string {
  let end = 0;
  let result = '';
  for (const { offset, removed, inserted } of edits.toSorted((one, other) => one.offset - other.offset)) {
    result += text.slice(end, offset) + inserted;
    end = offset + removed.length;
  }
  return result + text.slice(end);
}

/** The text of a file, as seen from one document in it. */
export class SourceText {
  readonly text: string;
  readonly eol: string;
  /** Style of a JSON document; undefined for YAML. */
  readonly json: FlowStyle | undefined;

  constructor(text: string, root: ParsedNode | null) {
    this.text = text;
    this.eol = /\r?\n/.exec(text)?.[0] ?? '\n';
    this.json = root && !isBlock(root) ? jsonStyle(text.slice(root.range[0], root.range[1])) : undefined;
  }

  replace(start: number, end: number, inserted = ''): TextEdit {
    return { offset: start, removed: this.text.slice(start, end), inserted };
  }

  insert(offset: number, inserted: string): TextEdit {
    return { offset, removed: '', inserted };
  }

  textOf({ range: [start, end] }: ParsedNode): string {
    return this.text.slice(start, end);
  }

  /** The end of the offset's line: before its line break, or the end of the text. */
  lineEnd(offset: number): number {
    const newline = this.text.indexOf('\n', offset);
    if (newline === -1) return this.text.length;
    return newline > offset && this.text[newline - 1] === '\r' ? newline - 1 : newline;
  }

  linePrefix(offset: number): string {
    return this.text.slice(this.text.lastIndexOf('\n', offset - 1) + 1, offset);
  }

  startsLine(offset: number): boolean {
    return this.linePrefix(offset).trim() === '';
  }

  /** True if nothing but a comment follows on the line. */
  endsLine(offset: number): boolean {
    return /^[ \t]*(?:#.*)?$/.test(this.text.slice(offset, this.lineEnd(offset)));
  }

  indentAt(offset: number): string {
    return /^[ \t]*/.exec(this.linePrefix(offset))?.[0] ?? '';
  }

  /**
   * The offset for a new line behind an element: after the element's last line and after comments that are indented deeper than the elements,
   * which describe its content. A comment level with the elements, or further left, describes what comes next.
   */
  afterElement(offset: number, indent: number): number {
    let end = this.lineEnd(offset);
    for (let next = end; next < this.text.length;) {
      const start = this.text.indexOf('\n', next) + 1;
      if (start === 0) break;
      next = this.lineEnd(start);
      const line = this.text.slice(start, next);
      const comment = line.search(/\S/);
      if (comment === -1) continue;
      if (line[comment] !== '#' || comment <= indent) break;
      end = next;
    }
    return end;
  }

  /** The end of a part: behind its last character that is not a comment, white space or the final line break. */
  endOf(part: SourceNode): number {
    const last = innermost(part);
    const { node } = last;
    if (!node || isImplicitNull(last)) return indicatorEnd(last) ?? startOf(last);
    const [, end] = node.range;
    // The final line break belongs to a string after `|` or `>`, and to nothing else.
    return isBlock(node) ? end - (/\r?\n$/.exec(this.text.slice(end - 2, end))?.[0].length ?? 0) : end;
  }
}

function innermost(part: SourceNode): SourceNode {
  const last = isBlock(part.node) ? childrenOf(part.node).at(-1) : undefined;
  return last ? innermost(last) : part;
}
