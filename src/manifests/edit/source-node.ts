import { type CST, isMap, isScalar, isSeq, type ParsedNode } from 'yaml';
import type { Quotes } from './print.ts';

/** What the author wrote: the value (null when the key stands alone) and the tokens around it (none for the root). */
export interface SourceNode {
  readonly node: ParsedNode | null;
  readonly item: CST.CollectionItem | undefined;
}

/** The values of a map or the elements of a list, as they stand in the text; nothing for a scalar. */
export function partsOf(node: ParsedNode | null | undefined): readonly SourceNode[] {
  if (isMap<ParsedNode, ParsedNode | null>(node))
    return node.items.map(({ value, srcToken }) => ({ node: value, item: srcToken }));
  if (!isSeq<ParsedNode>(node)) return [];
  const source = node.srcToken;
  // A comment at the end of a block list is one more entry among the tokens, and is no element.
  const items =
    source && 'items' in source
      ? source.items.filter(({ start }) => source.type !== 'block-seq' || start.some(isDash))
      : [];
  return node.items.map((element, index) => ({ node: element, item: items[index] }));
}

/** Behind the `:` or `-` that introduces the value, and behind its anchor and tag; undefined where there is no such sign. */
export function behindSign({ item }: SourceNode): number | undefined {
  const sign = (item?.sep ?? item?.start ?? []).findLast(({ type }) => SIGNS.has(type));
  return sign && sign.offset + sign.source.length;
}

/** True when the value is there but takes no text: `key:` alone. */
export function isUnwritten({ node }: SourceNode): boolean {
  return node === null || (isScalar(node) && node.range[0] === node.range[1]);
}

/** True for a list or map with nothing in it. */
export function isHollow(node: ParsedNode | null | undefined): boolean {
  return (isMap(node) || isSeq(node)) && node.items.length === 0;
}

/** True for a value over lines of its own, below its key: maps and lists without brackets, and the texts behind `|` and `>`. */
export function isBlock(node: ParsedNode | null): boolean {
  return node?.srcToken?.type.startsWith('block-') ?? false;
}

/** The quotes that a scalar stands in. */
export function quotesOf(node: ParsedNode | null): Quotes {
  const type = node?.srcToken?.type;
  if (type === 'single-quoted-scalar') return 'single';
  return type === 'double-quoted-scalar' ? 'double' : undefined;
}

/** The column that the keys or dashes of a block collection stand in, from 0. */
export function columnOf({ srcToken: token }: ParsedNode): number {
  return token && 'indent' in token ? token.indent : 0;
}

const SIGNS: ReadonlySet<string> = new Set<CST.SourceToken['type']>(['map-value-ind', 'seq-item-ind', 'anchor', 'tag']);

function isDash({ type }: CST.SourceToken): boolean {
  return type === 'seq-item-ind';
}
