import jsonpatch from 'fast-json-patch';
import { isAlias, isMap, isScalar, isSeq, type ParsedNode } from 'yaml';
import { type Operation, pointer } from '../../lib/json-patch.ts';
import type { Json } from '../../lib/json.ts';
import type { YamlDocument } from '../yaml.ts';
import { isHollow, partsOf, type SourceNode } from './source-node.ts';

/**
 * One place of the document that is to be. `author` is what the text has there now, `ours` what operations put in its place; a place
 * without `author` is new. Operations are carried out here first and written into the text at the end, all at once: then a list that one
 * operation adds and the next one fills is written once, and no operation has to know what the one before it did to the line numbers.
 */
export interface Slot {
  readonly author: SourceNode | undefined;
  ours: Json | undefined;
  /** What is inside, opened only on the way to a change. */
  fields: Map<string, Slot> | undefined;
  elements: Slot[] | undefined;
}

/** Why an operation cannot be carried out in the text, and where the cause stands. */
export interface Obstacle {
  readonly offset: number;
  readonly message: string;
}

/** The document as it is, to carry operations out on. */
export function rootSlot(document: YamlDocument): Slot {
  return slot({ node: document.root, item: undefined });
}

/**
 * Carries out one operation, its path counted from the document's root. The operation must apply (fast-json-patch must have said so). What it
 * would change may stand in the text once and count in several places: then nothing is done, and the obstacle says so.
 */
export function carryOut(root: Slot, operation: Operation, document: YamlDocument): Obstacle | undefined {
  const path = tokensOf(operation.path);
  let at = root;
  let depth = 0;
  let obstacle = sharing(at, document, []);
  while (!obstacle && !isOurs(at) && depth < path.length - 1) {
    const next = inside(at, path[depth] ?? '');
    depth += 1;
    if (!next) return merged(at, path.slice(0, depth));
    at = next;
    obstacle = sharing(at, document, path.slice(0, depth));
  }
  if (obstacle) return obstacle;
  return isOurs(at) ? patchOurs(at, operation, path.slice(depth)) : put(at, operation, document);
}

/** The reference tokens of a JSON Pointer (RFC 6901 §4). */
export function tokensOf(path: string): readonly string[] {
  const tokens = path.split('/').slice(1);
  return tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function slot(author: SourceNode | undefined, ours?: Json): Slot {
  return { author, ours, fields: undefined, elements: undefined };
}

/** The index in a list that a reference token means; `-` is behind the last element, wherever that is. */
export function indexOf(token: string): number {
  return token === '-' ? Infinity : Number(token);
}

/** An empty list or map counts as ours: it has no neighbour to take an indentation from, so it is written anew as a whole. */
function isOurs({ author, ours }: Slot): boolean {
  return ours !== undefined || isHollow(author?.node);
}

// fast-json-patch works on what it is given, and puts the operation's own value into it: both are copies here, as the caller's are not ours.
function patchOurs(at: Slot, operation: Operation, rest: readonly string[]): undefined {
  const before: Json = at.ours ?? (isSeq(at.author?.node) ? [] : {});
  const patch = [{ ...operation, path: pointer(...rest), value: copyOf(operation.value) }];
  at.ours = jsonpatch.applyPatch(before, patch).newDocument;
}

function copyOf(value: Json): Json {
  const copy: Json = JSON.parse(JSON.stringify(value));
  return copy;
}

/** Opens the place, so that its `fields` or `elements` are there, and gives what is under the key or index. */
function inside(at: Slot, token: string): Slot | undefined {
  const node = at.author?.node;
  if (isMap<ParsedNode>(node)) {
    at.fields ??= new Map(partsOf(node).map((part, index) => [keyOf(node.items[index]?.key), slot(part)]));
  } else if (isSeq(node)) {
    at.elements ??= partsOf(node).map((element) => slot(element));
  }
  return at.fields?.get(token) ?? at.elements?.[Number(token)];
}

function put(at: Slot, { op, path, value }: Operation, document: YamlDocument): Obstacle | undefined {
  const tokens = tokensOf(path);
  const token = tokens.at(-1) ?? '';
  const found = inside(at, token);
  const before = op === 'add' && at.elements ? undefined : found;
  const obstacle = before && anchorIn(before, document, tokens);
  if (obstacle) return obstacle;
  const next = slot(before?.author, copyOf(value));
  at.fields?.set(token, next);
  at.elements?.splice(indexOf(token), before ? 1 : 0, next);
  return undefined;
}

function keyOf(key: ParsedNode | undefined): string {
  return isScalar(key) ? String(key.value) : '';
}

function sharing(at: Slot, document: YamlDocument, path: readonly string[]): Obstacle | undefined {
  if (at.ours !== undefined) return undefined;
  const node = at.author?.node;
  if (isAlias(node)) {
    const message = `${nameOf(path)} is the alias *${node.source}: a change would reach all that share it, so write it out here`;
    return { offset: offsetOf(at), message };
  }
  return anchorIn(at, document, path);
}

function anchorIn(at: Slot, document: YamlDocument, path: readonly string[]): Obstacle | undefined {
  const node = at.author?.node;
  const alias = node ? document.aliased.get(node) : undefined;
  if (!node || isAlias(node) || alias === undefined) return undefined;
  const user = document.position(alias).line;
  const message = `${nameOf(path)} has the anchor &${node.anchor}, which line ${user} uses too: a change would reach both, so write one out`;
  return { offset: offsetOf(at), message };
}

function merged(at: Slot, path: readonly string[]): Obstacle {
  const message = `${nameOf(path)} comes from a merge key (<<): a change would reach all that share it, so write it out here`;
  return { offset: offsetOf(at), message };
}

function offsetOf({ author }: Slot): number {
  return author?.node?.range[0] ?? 0;
}

/** The path as `kubectl explain` writes it. */
function nameOf(path: readonly string[]): string {
  const steps = path.map((token) => (/^\d+$/.test(token) ? `[${token}]` : `.${token}`));
  return steps.join('').replace(/^\./, '') || 'the document';
}
