import { type Document, isMap, isScalar, isSeq } from 'yaml';
import type { Operation } from '../../lib/json-patch.ts';
import { documentsOf } from '../yaml.ts';
import { indexOf, tokensOf } from './document-draft.ts';
import type { TextEdit } from './source-text.ts';

/**
 * The last resort for a document with syntax that `textEditsOf` cannot edit: the `yaml` package applies the operations to its own tree and
 * prints the whole document, comments included, in its own style. Empty if that does not work either.
 */
export function reformat(text: string, index: number, operations: readonly Operation[]): readonly TextEdit[] {
  return printed(text, index, (document) => operations.every((operation) => applyToTree(document, operation)));
}

/** A part of a document that goes, or a string that gets another value. */
export type TreeStep =
  | { readonly kind: 'remove' | 'empty'; readonly path: string }
  | { readonly kind: 'restore'; readonly path: string; readonly value: string };

/** The same for parts that are removed. */
export function reformatBySteps(text: string, index: number, steps: readonly TreeStep[]): readonly TextEdit[] {
  return printed(text, index, (document) => {
    // The last element of a list first: the positions of the others stay.
    for (const step of steps.toReversed()) {
      const path = tokensOf(step.path);
      if (step.kind === 'restore') document.setIn(path, step.value);
      else if (!document.deleteIn(path)) return false;
    }
    return true;
  });
}

function printed(text: string, index: number, change: (document: Document.Parsed) => boolean): readonly TextEdit[] {
  // Parsed again, because the tree is changed.
  const document = documentsOf(text)[index];
  if (!document?.contents || !change(document)) return [];
  const [start, end] = document.contents.range;
  const removed = text.slice(start, end);
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  removeSurroundings(document);
  const whole = document.toString({ directives: false, lineWidth: 0 }).replaceAll(/\r?\n/g, eol);
  return [{ offset: start, removed, inserted: removed.endsWith('\n') ? whole : whole.trimEnd() }];
}

function applyToTree(document: Document.Parsed, { op, path, value }: Operation): boolean {
  const tokens = tokensOf(path);
  const key = tokens.at(-1) ?? '';
  const parent = document.getIn(tokens.slice(0, -1), true);
  const node = document.createNode(value);
  if (isMap(parent)) parent.set(key, node);
  else if (isSeq(parent)) parent.items.splice(indexOf(key), op === 'add' ? 0 : 1, node);
  return isMap(parent) || isSeq(parent);
}

/** Markers, and comments before the first key and behind the last value, are outside of the replaced text: they must not be printed again. */
function removeSurroundings(document: Document.Parsed): void {
  document.commentBefore = null;
  document.comment = null;
  document.directives.docEnd = false;
  if (!isMap(document.contents)) return;
  document.contents.commentBefore = null;
  const first = document.contents.items[0]?.key;
  if (isScalar(first)) first.commentBefore = null;
}
