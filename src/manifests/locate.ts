import { isCollection, isMap, isScalar, isSeq, type Pair, type ParsedNode } from 'yaml';
import type { Position, YamlDocument } from './yaml.ts';

/** A place in a tree: the thing, and the key that it has where it is the value of one. */
interface Place {
  readonly node: ParsedNode | null;
  readonly key: ParsedNode | undefined;
}

/**
 * Where in the text something of a document stands, as far as the path leads there: what comes by an alias or a merge key stands elsewhere. A
 * thing is where it begins; but a list, an object or nothing at all is where its key is, and so is all that is to be found at the key.
 */
export function positionOf(document: YamlDocument, path: readonly PropertyKey[], at: 'key' | 'value'): Position {
  let place: Place = { node: document.root, key: undefined };
  for (const step of path) {
    const next = placeBelow(place.node, step);
    if (!next) return document.position(offsetOf(place, 'key'));
    place = next;
  }
  return document.position(offsetOf(place, at));
}

function offsetOf({ node, key }: Place, at: 'key' | 'value'): number {
  const isText = isScalar(node) && node.value !== null;
  const shown = key && (at === 'key' || !isText) ? key : node;
  return shown?.range[0] ?? 0;
}

function placeBelow(node: ParsedNode | null, step: PropertyKey): Place | undefined {
  if (!isCollection(node)) return undefined;
  if (isSeq(node)) {
    const item = typeof step === 'number' ? node.items[step] : undefined;
    return item && { node: item, key: undefined };
  }
  if (!isMap(node)) return undefined;
  const pair: Pair<ParsedNode, ParsedNode | null> | undefined = node.items.find(
    ({ key }) => isScalar(key) && key.value === step,
  );
  return pair && { node: pair.value, key: pair.key };
}
