import { type Document, isMap, isScalar, isSeq } from 'yaml';
import type { Operation } from '../../lib/json-patch.ts';
import { documentsOf } from '../yaml.ts';
import { indexOf, tokensOf } from './document-draft.ts';
import type { Change } from './source-text.ts';

/**
 * The last resort, for a document whose text is written in a way that we do not know how to write into: the `yaml` package carries the
 * operations out on its own tree and writes the whole document, comments and all, in its own style. No change where even that does not work.
 */
export function reformatted(text: string, index: number, operations: readonly Operation[]): readonly Change[] {
  // A tree of its own, as it is about to be changed.
  const document = documentsOf(text)[index];
  if (!document?.contents || !operations.every((operation) => carryOutOn(document, operation))) return [];
  const [start, end] = document.contents.range;
  const removed = text.slice(start, end);
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  leaveOutWhatIsAround(document);
  const rendered = document.toString({ directives: false, lineWidth: 0 }).replaceAll(/\r?\n/g, eol);
  return [{ offset: start, removed, inserted: removed.endsWith('\n') ? rendered : rendered.trimEnd() }];
}

function carryOutOn(document: Document.Parsed, { op, path, value }: Operation): boolean {
  const tokens = tokensOf(path);
  const key = tokens.at(-1) ?? '';
  const parent = document.getIn(tokens.slice(0, -1), true);
  const node = document.createNode(value);
  if (isMap(parent)) parent.set(key, node);
  else if (isSeq(parent)) parent.items.splice(indexOf(key), op === 'add' ? 0 : 1, node);
  return isMap(parent) || isSeq(parent);
}

/** Comments above the first key, markers and what is behind them are not replaced: from the tree they would come out a second time. */
function leaveOutWhatIsAround(document: Document.Parsed): void {
  document.commentBefore = null;
  document.comment = null;
  document.directives.docEnd = false;
  if (!isMap(document.contents)) return;
  document.contents.commentBefore = null;
  const first = document.contents.items[0]?.key;
  if (isScalar(first)) first.commentBefore = null;
}
