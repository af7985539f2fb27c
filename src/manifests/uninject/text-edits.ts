import { isMap, isScalar, isSeq, type ParsedNode } from 'yaml';
import { tokensOf } from '../edit/document-draft.ts';
import { textInPlaceOf } from '../edit/print.ts';
import { behindSign, isBlock, partsOf, quotesOf, type SourceNode } from '../edit/source-node.ts';
import {
  type Change,
  contentEnd,
  contentStart,
  lineBefore,
  lineEnd,
  type SourceText,
  sourceTextOf,
} from '../edit/source-text.ts';
import type { YamlDocument } from '../yaml.ts';
import type { Step } from './reverse-steps.ts';

/**
 * The changes of a text that take steps back: the inverse of what `changesOf` inserts. Where our lines stand, they go from the line break
 * before them to their end. Undefined where a part is not written as we would have written it. Whether the text says afterwards what it
 * should, and would be made the same again, is for the caller to see.
 */
export function reverseTextEdits(
  text: string,
  document: YamlDocument,
  steps: readonly Step[],
): readonly Change[] | undefined {
  const page = sourceTextOf(text, document.root);
  const removed = new Set(steps.flatMap(({ kind, path }) => (kind === 'remove' ? [path] : [])));
  const changes: Change[] = [];
  for (const step of steps) {
    const place = placeOf(document.root, step.path);
    const change = place && changeFor(page, step, place, removed);
    if (!change) return undefined;
    changes.push(...change);
  }
  return withoutOverlap(changes.toSorted((one, other) => one.offset - other.offset));
}

/** Where a part stands: in which collection, as which of its parts. */
interface Place {
  readonly parent: ParsedNode;
  readonly index: number;
  readonly written: SourceNode;
  /** The path of the collection. */
  readonly parentPath: string;
  /** The names by which the collection's parts are called in a path. */
  readonly tokens: readonly string[];
}

function placeOf(root: ParsedNode | null, path: string): Place | undefined {
  let node = root;
  let place: Place | undefined;
  const tokens = tokensOf(path);
  for (const [depth, token] of tokens.entries()) {
    if (!isMap<ParsedNode, ParsedNode | null>(node) && !isSeq<ParsedNode>(node)) return undefined;
    const parts = partsOf(node);
    const names = namesOf(node);
    const index = names.indexOf(token);
    const written = parts[index];
    if (!written) return undefined;
    const parentPath = path
      .split('/')
      .slice(0, depth + 1)
      .join('/');
    place = { parent: node, index, written, parentPath, tokens: names };
    node = written.node;
  }
  return place;
}

function namesOf(node: ParsedNode): readonly string[] {
  if (isMap<ParsedNode, ParsedNode | null>(node)) return node.items.map(({ key }) => String(key.toJSON()));
  return isSeq(node) ? node.items.map((_, index) => String(index)) : [];
}

function changeFor(
  page: SourceText,
  step: Step,
  place: Place,
  removed: ReadonlySet<string>,
): readonly Change[] | undefined {
  const { written, parent } = place;
  if (step.kind === 'remove') return isBlock(parent) ? removeLines(page, written) : removePart(page, place, removed);
  return step.kind === 'empty' ? emptied(page, written) : restored(page, written, step.value, !isBlock(parent));
}

function emptied(page: SourceText, written: SourceNode): readonly Change[] | undefined {
  const sign = behindSign(written);
  if (sign === undefined) return undefined;
  const empty = isSeq(written.node) ? '[]' : '{}';
  if (!isBlock(written.node)) return [cut(page, written.node?.range[0] ?? sign, contentEnd(page, written), empty)];
  // What stands behind the key, a comment, was behind the brackets.
  return [cut(page, sign, sign, ` ${empty}`), cut(page, lineEnd(page, sign), contentEnd(page, written))];
}

function restored(
  page: SourceText,
  { node }: SourceNode,
  value: string,
  isFlow: boolean,
): readonly Change[] | undefined {
  if (!isScalar(node) || node.srcToken?.type === 'block-scalar') return undefined;
  const text = page.json ? JSON.stringify(value) : restoredText(value, node, isFlow);
  return [cut(page, node.range[0], node.range[1], text)];
}

/** The quotes stay, unless they are ours: what the author had plain, and could not stay so with what was added. */
function restoredText(before: string, node: ParsedNode & { readonly value: unknown }, isFlow: boolean): string {
  const quotes = quotesOf(node);
  const plain = textInPlaceOf(before, undefined, isFlow);
  const isOurs = quotes === 'single' && textInPlaceOf(String(node.value), undefined, isFlow).startsWith("'");
  return isOurs || quotes === undefined ? plain : textInPlaceOf(before, quotes, isFlow);
}

/** Whole lines, with the line break before them. */
function removeLines(page: SourceText, written: SourceNode): readonly Change[] | undefined {
  const start = startOf(written);
  const line = start - lineBefore(page, start).length;
  if (line === 0 || lineBefore(page, start).trim() !== '') return undefined;
  const before = page.text[line - 2] === '\r' ? line - 2 : line - 1;
  return [cut(page, before, contentEnd(page, written))];
}

/** Where a part begins, its dash included. */
function startOf(written: SourceNode): number {
  const dash = written.item?.start.find(({ type }) => type === 'seq-item-ind');
  return dash?.offset ?? contentStart(written);
}

/** A part in brackets, with the comma that came with it: the one before it, unless everything before it is to go, too. */
function removePart(page: SourceText, place: Place, removed: ReadonlySet<string>): readonly Change[] | undefined {
  const { parent, index, written, parentPath, tokens } = place;
  const parts = partsOf(parent);
  const isOurs = (at: number): boolean => removed.has(`${parentPath}/${escaped(tokens[at] ?? '')}`);
  const end = contentEnd(page, written);
  let kept = index - 1;
  while (kept >= 0 && isOurs(kept)) kept--;
  const before = parts[index - 1];
  if (kept >= 0 && before)
    return [cut(page, behindComma(page, contentEnd(page, before), end), end + trailing(page, place))];
  const next = parts[index + 1];
  return next ? [cut(page, contentStart(written), contentStart(next))] : undefined;
}

/** A comma that was there behind the last part before ours, with a comment behind it, stays; the one behind ours goes instead. */
function behindComma({ text }: SourceText, start: number, end: number): number {
  const rest = /^,[ \t]*#[^\n]*/.exec(text.slice(start, end));
  return rest ? start + rest[0].length : start;
}

function trailing(page: SourceText, { parent, index, written }: Place): number {
  const end = contentEnd(page, written);
  const before = partsOf(parent)[index - 1];
  const start = before ? contentEnd(page, before) : end;
  const kept = behindComma(page, start, end) > start;
  return kept && page.text[end] === ',' ? 1 : 0;
}

function escaped(token: string): string {
  return token.replaceAll('~', '~0').replaceAll('/', '~1');
}

function cut({ text }: SourceText, start: number, end: number, inserted = ''): Change {
  return { offset: start, removed: text.slice(start, end), inserted };
}

/** Neighbours in one line break may meet, but not overlap: then something is not as it should be. */
function withoutOverlap(changes: readonly Change[]): readonly Change[] | undefined {
  const overlaps = changes.some(({ offset }, index) => {
    const before = changes[index - 1];
    return before !== undefined && before.offset + before.removed.length > offset;
  });
  return overlaps ? undefined : changes;
}
