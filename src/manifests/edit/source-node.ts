import { type CST, isMap, isScalar, isSeq, type ParsedNode } from 'yaml';
import type { Quotes } from './print.ts';

/** A value in the text: its node (null for a key without a value) and the tokens around it (undefined for the root). */
export interface SourceNode {
  readonly node: ParsedNode | null;
  readonly item: CST.CollectionItem | undefined;
  readonly token: string;
}

export function childrenOf(node: ParsedNode | null | undefined): readonly SourceNode[] {
  if (isMap<ParsedNode, ParsedNode | null>(node))
    return node.items.map(({ key, value, srcToken }) => ({
      node: value,
      item: srcToken,
      token: isScalar(key) ? String(key.value) : '',
    }));
  if (!isSeq<ParsedNode>(node)) return [];
  const source = node.srcToken;
  // A comment at the end of a block list is one more item among the tokens, but not an element.
  const items =
    source && 'items' in source
      ? source.items.filter(({ start }) => source.type !== 'block-seq' || start.some(isDash))
      : [];
  return node.items.map((element, index) => ({ node: element, item: items[index], token: String(index) }));
}

/** The offset behind the `:` or `-` that introduces a value, and behind its anchor and tag; undefined without such an indicator. */
export function indicatorEnd({ item }: SourceNode): number | undefined {
  const indicator = (item?.sep ?? item?.start ?? []).findLast(({ type }) => INDICATORS.has(type));
  return indicator && indicator.offset + indicator.source.length;
}

/** True for a null that takes no text: `key:` alone. */
export function isImplicitNull({ node }: SourceNode): boolean {
  return node === null || (isScalar(node) && node.range[0] === node.range[1]);
}

export function isEmptyCollection(node: ParsedNode | null | undefined): boolean {
  return (isMap(node) || isSeq(node)) && node.items.length === 0;
}

/** True for maps and lists without brackets, and for strings after `|` and `>`. */
export function isBlock(node: ParsedNode | null): boolean {
  return node?.srcToken?.type.startsWith('block-') ?? false;
}

export function quotesOf(node: ParsedNode | null): Quotes {
  const type = node?.srcToken?.type;
  if (type === 'single-quoted-scalar') return 'single';
  return type === 'double-quoted-scalar' ? 'double' : undefined;
}

/** The column of the keys or dashes of a block collection, from 0. */
export function columnOf({ srcToken: token }: ParsedNode): number {
  return token && 'indent' in token ? token.indent : 0;
}

export function startOf({ node, item }: SourceNode): number {
  return item?.start.find(isDash)?.offset ?? item?.key?.offset ?? node?.range[0] ?? 0;
}

const INDICATORS: ReadonlySet<string> = new Set<CST.SourceToken['type']>([
  'map-value-ind',
  'seq-item-ind',
  'anchor',
  'tag',
]);

function isDash({ type }: CST.SourceToken): boolean {
  return type === 'seq-item-ind';
}
