import { behindSign, isBlock, isUnwritten, type SourceNode } from './source-node.ts';
import { type Change, contentEnd, insertion, lineEnd, type SourceText } from './source-text.ts';

/** Puts a text in the place of a value, on the line of its `:` or `-`. Nothing where there is no such sign to put it behind. */
export function replaceInLine(page: SourceText, written: SourceNode, text: string): readonly Change[] {
  const sign = behindSign(written);
  const { node } = written;
  if (node && !isUnwritten(written) && !isBlock(node)) return [replacement(page, node.range[0], node.range[1], text)];
  if (sign === undefined) return [];
  return [
    isUnwritten(written) ? insertion(sign, ` ${text}`) : replacement(page, sign, contentEnd(page, written), ` ${text}`),
  ];
}

/** Puts lines in the place of a value, below its key; a comment behind the key or the value stays on the key's line. */
export function replaceBelow(page: SourceText, written: SourceNode, below: string): readonly Change[] {
  const sign = behindSign(written);
  if (sign === undefined) return [];
  const { node } = written;
  if (!node || isUnwritten(written)) return [insertion(lineEnd(page, sign), below)];
  const [start] = node.range;
  const end = contentEnd(page, written);
  const sameLine = start <= lineEnd(page, sign);
  if (node.srcToken?.type === 'block-scalar') return [replacement(page, sign, end, below)];
  if (!sameLine) return [replacement(page, lineEnd(page, sign), end, below)];
  return [replacement(page, sign, end, ''), insertion(lineEnd(page, end), below)];
}

function replacement({ text }: SourceText, start: number, end: number, inserted: string): Change {
  return { offset: start, removed: text.slice(start, end), inserted };
}
