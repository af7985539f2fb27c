import { isScalar, isSeq, type ParsedNode } from 'yaml';
import { pointer } from '../../lib/json-patch.ts';
import { tokensOf } from '../edit/document-draft.ts';
import { replacementText } from '../edit/print.ts';
import { childrenOf, indicatorEnd, isBlock, quotesOf, type SourceNode, startOf } from '../edit/source-node.ts';
import { SourceText, type TextEdit } from '../edit/source-text.ts';
import type { YamlDocument } from '../yaml.ts';
import type { Step } from './reverse-steps.ts';

/**
 * The edits that take the steps back in the text: the inverse of what `textEditsOf` inserts. Inserted lines are removed from the line break before
 * them to their end. Undefined if a part is not written as an injection writes it. The caller verifies the result.
 */
export function reverseTextEdits(
  text: string,
  document: YamlDocument,
  steps: readonly Step[],
): readonly TextEdit[] | undefined {
  const source = new SourceText(text, document.root);
  const removed = new Set(steps.flatMap(({ kind, path }) => (kind === 'remove' ? [path] : [])));
  const edits: TextEdit[] = [];
  for (const step of steps) {
    const location = locate(document.root, step.path);
    const stepEdits = location && editsFor(source, step, location, removed);
    if (!stepEdits) return undefined;
    edits.push(...stepEdits);
  }
  return haveOverlap(edits) ? undefined : edits;
}

interface Location {
  readonly part: SourceNode;
  readonly parent: ParsedNode;
  readonly siblings: readonly SourceNode[];
  readonly index: number;
}

function locate(root: ParsedNode | null, path: string): Location | undefined {
  let parent = root;
  let location: Location | undefined;
  for (const token of tokensOf(path)) {
    const siblings = childrenOf(parent);
    const index = siblings.findIndex((one) => one.token === token);
    const part = siblings[index];
    if (!parent || !part) return undefined;
    location = { part, parent, siblings, index };
    parent = part.node;
  }
  return location;
}

function editsFor(
  source: SourceText,
  step: Step,
  location: Location,
  removed: ReadonlySet<string>,
): readonly TextEdit[] | undefined {
  const { part, parent } = location;
  if (step.kind === 'restore') return restore(source, part, step.value, !isBlock(parent));
  if (step.kind === 'empty') return empty(source, part);
  if (isBlock(parent)) return removeLines(source, part);
  const parentPath = step.path.slice(0, step.path.lastIndexOf('/'));
  return removeFlowPart(source, location, ({ token }) => removed.has(parentPath + pointer(token)));
}

function empty(source: SourceText, part: SourceNode): readonly TextEdit[] | undefined {
  const start = indicatorEnd(part);
  if (start === undefined) return undefined;
  const brackets = isSeq(part.node) ? '[]' : '{}';
  const end = source.endOf(part);
  if (!isBlock(part.node)) return [source.replace(part.node?.range[0] ?? start, end, brackets)];
  // A comment behind the key was behind the brackets.
  return [source.insert(start, ` ${brackets}`), source.replace(source.lineEnd(start), end)];
}

function restore(
  source: SourceText,
  { node }: SourceNode,
  value: string,
  isFlow: boolean,
): readonly TextEdit[] | undefined {
  if (!isScalar(node) || node.srcToken?.type === 'block-scalar') return undefined;
  const text = source.json ? JSON.stringify(value) : restoredText(value, node, isFlow);
  return [source.replace(node.range[0], node.range[1], text)];
}

/** Keeps the quotes, unless the injection added them because the longer value could not stay plain. */
function restoredText(value: string, node: ParsedNode & { readonly value: unknown }, isFlow: boolean): string {
  const quotes = quotesOf(node);
  const isAdded = quotes === 'single' && replacementText(String(node.value), undefined, isFlow).startsWith("'");
  return replacementText(value, isAdded ? undefined : quotes, isFlow);
}

function removeLines(source: SourceText, part: SourceNode): readonly TextEdit[] | undefined {
  const start = startOf(part);
  const line = start - source.linePrefix(start).length;
  if (line === 0 || !source.startsLine(start)) return undefined;
  const lineBreak = source.text[line - 2] === '\r' ? line - 2 : line - 1;
  return [source.replace(lineBreak, source.endOf(part))];
}

/** Removes a part in brackets with the comma that was inserted with it: the one before it, unless everything before it is removed, too. */
function removeFlowPart(
  source: SourceText,
  { part, siblings, index }: Location,
  isRemoved: (sibling: SourceNode) => boolean,
): readonly TextEdit[] | undefined {
  const end = source.endOf(part);
  const before = siblings[index - 1];
  if (before && !siblings.slice(0, index).every(isRemoved)) {
    const start = source.endOf(before);
    // A comma with a comment behind it was there before the part was inserted: it stays, and the comma behind the part goes.
    const kept = /^,[ \t]*#[^\n]*/.exec(source.text.slice(start, end))?.[0].length ?? 0;
    return [source.replace(start + kept, kept > 0 && source.text[end] === ',' ? end + 1 : end)];
  }
  const next = siblings[index + 1];
  return next ? [source.replace(startOf(part), startOf(next))] : undefined;
}

/** Adjacent edits may share a line break, but an overlap means that a part is not written as expected. */
function haveOverlap(edits: readonly TextEdit[]): boolean {
  const sorted = edits.toSorted((one, other) => one.offset - other.offset);
  return sorted.some(({ offset }, index) => {
    const before = sorted[index - 1];
    return before !== undefined && before.offset + before.removed.length > offset;
  });
}
