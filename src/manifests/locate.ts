import { isMap, isScalar, isSeq, type ParsedNode } from 'yaml';
import type { Position, YamlDocument } from './yaml.ts';

interface Child {
  readonly node: ParsedNode | null;
  readonly key: ParsedNode | undefined;
}

/**
 * The position that a path leads to, or that of its closest ancestor in the text: the content of an alias or a merge key is written elsewhere.
 * A scalar is located by its first character; a list, a map and an empty value by their key.
 */
export function positionOf(document: YamlDocument, path: readonly PropertyKey[], at: 'key' | 'value'): Position {
  let found: Child = { node: document.root, key: undefined };
  let atKey = at === 'key';
  for (const step of path) {
    const child = childOf(found.node, step);
    atKey ||= !child;
    if (!child) break;
    found = child;
  }
  const { node, key } = found;
  const hasText = isScalar(node) && node.value !== null;
  const shown = key && (atKey || !hasText) ? key : node;
  return document.position(shown?.range[0] ?? 0);
}

function childOf(node: ParsedNode | null, step: PropertyKey): Child | undefined {
  if (isSeq<ParsedNode>(node)) {
    const item = typeof step === 'number' ? node.items[step] : undefined;
    return item && { node: item, key: undefined };
  }
  if (!isMap<ParsedNode, ParsedNode | null>(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && key.value === step);
  return pair && { node: pair.value, key: pair.key };
}
