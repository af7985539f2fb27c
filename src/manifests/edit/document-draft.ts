import jsonpatch from 'fast-json-patch';
import { isAlias, isSeq } from 'yaml';
import { type Operation, pointer } from '../../lib/json-patch.ts';
import type { Json } from '../../lib/json.ts';
import type { YamlDocument } from '../yaml.ts';
import { childrenOf, isEmptyCollection, type SourceNode } from './source-node.ts';

/**
 * A value of the document as it will be. `source` is what the text has there now (undefined: the value is new), `value` what operations replace
 * it with. Operations are applied to the draft first and written into the text at the end, together: a list that one operation adds and
 * the next one fills is written once, and no operation depends on how an earlier one moved the lines.
 */
export interface DraftNode {
  /** The key in a map. In a list positions shift, so its elements are found by position. */
  readonly token: string;
  readonly source: SourceNode | undefined;
  value: Json | undefined;
  children: DraftNode[] | undefined;
}

export interface DraftFault {
  readonly offset: number;
  readonly message: string;
}

export function draftOf({ root }: YamlDocument): DraftNode {
  return draftNode({ node: root, item: undefined, token: '' });
}

/**
 * Applies one operation; its path starts at the document's root. The operation must be valid (checked with fast-json-patch). A value that the
 * text has once but the document several times (anchor, alias, merge key) is not changed: that is the fault.
 */
export function applyToDraft(root: DraftNode, operation: Operation, document: YamlDocument): DraftFault | undefined {
  const path = tokensOf(operation.path);
  let at = root;
  for (let depth = 0; ; depth++) {
    const fault = at.value === undefined ? sharingFault(at, document, path.slice(0, depth)) : undefined;
    if (fault) return fault;
    if (isRewritten(at)) return patchValue(at, operation, path.slice(depth));
    if (depth >= path.length - 1) return setChild(at, operation, document);
    const child = open(at)[indexIn(at, path[depth] ?? '')];
    if (!child) return faultAt(at, path.slice(0, depth + 1), 'comes from a merge key (<<)', ALL);
    at = child;
  }
}

/** The reference tokens of a JSON Pointer (RFC 6901 §4). */
export function tokensOf(path: string): readonly string[] {
  return path.split('/').slice(1).map(jsonpatch.unescapePathComponent);
}

/** The list index that a reference token stands for; `-` is behind the last element. */
export function indexOf(token: string): number {
  return token === '-' ? Infinity : Number(token);
}

function draftNode(source: SourceNode | undefined, token = source?.token ?? '', value?: Json): DraftNode {
  return { token, source, value, children: undefined };
}

/** An empty list or map has no element to take an indentation from, so it is rewritten as a whole. */
function isRewritten({ source, value }: DraftNode): boolean {
  return value !== undefined || isEmptyCollection(source?.node);
}

// fast-json-patch changes the document it is given and puts the operation's own value into it: both must be copies.
function patchValue(at: DraftNode, operation: Operation, path: readonly string[]): undefined {
  const before: Json = at.value ?? (isSeq(at.source?.node) ? [] : {});
  const patch = [{ ...operation, path: pointer(...path), value: copyOf(operation.value) }];
  at.value = jsonpatch.applyPatch(before, patch).newDocument;
}

// structuredClone would keep one object in two places of a value as one: a later change to it would show in both.
function copyOf(value: Json): Json {
  const copy: Json = JSON.parse(JSON.stringify(value));
  return copy;
}

function open(at: DraftNode): DraftNode[] {
  at.children ??= childrenOf(at.source?.node).map((child) => draftNode(child));
  return at.children;
}

function indexIn(at: DraftNode, token: string): number {
  if (isSeq(at.source?.node)) return indexOf(token);
  const index = open(at).findIndex((child) => child.token === token);
  return index === -1 ? Infinity : index;
}

function setChild(at: DraftNode, { op, path, value }: Operation, document: YamlDocument): DraftFault | undefined {
  const tokens = tokensOf(path);
  const token = tokens.at(-1) ?? '';
  const children = open(at);
  const index = indexIn(at, token);
  const before = op === 'add' && isSeq(at.source?.node) ? undefined : children[index];
  const fault = before && anchorFault(before, document, tokens);
  if (fault) return fault;
  children.splice(index, before ? 1 : 0, draftNode(before?.source, token, copyOf(value)));
  return undefined;
}

const ALL = 'a change here would affect every place that shares it; write the value out here';

function sharingFault(at: DraftNode, document: YamlDocument, path: readonly string[]): DraftFault | undefined {
  const node = at.source?.node;
  return isAlias(node) ? faultAt(at, path, `is the alias *${node.source}`, ALL) : anchorFault(at, document, path);
}

function anchorFault(at: DraftNode, document: YamlDocument, path: readonly string[]): DraftFault | undefined {
  const node = at.source?.node;
  const alias = node ? document.aliased.get(node) : undefined;
  if (!node || isAlias(node) || alias === undefined) return undefined;
  const cause = `has the anchor &${node.anchor}, which is also used in line ${document.position(alias).line}`;
  return faultAt(at, path, cause, 'a change would affect both places; write the value out in one of them');
}

function faultAt(at: DraftNode, path: readonly string[], cause: string, remedy: string): DraftFault {
  const steps = path.map((token) => (/^\d+$/.test(token) ? `[${token}]` : `.${token}`));
  const name = steps.join('').replace(/^\./, '') || 'the document';
  return { offset: at.source?.node?.range[0] ?? 0, message: `${name} ${cause}: ${remedy}` };
}
