import jsonpatch from 'fast-json-patch';
import { type Operation, pointer } from '../../lib/json-patch.ts';
import { isObject, type Json } from '../../lib/json.ts';
import type { Manifest, PodTemplate } from '../documents.ts';
import { type Problem, readStream, type YamlDocument } from '../yaml.ts';
import { carryOut, rootSlot, type Slot, tokensOf } from './document-draft.ts';
import { reformatted } from './reformat.ts';
import { type Change, inOrder, sourceTextOf, withChanges } from './source-text.ts';
import { changesOf } from './text-edits.ts';

/** What to do to one pod of the file. The operations' paths are counted from the pod. */
export interface Edit {
  readonly template: PodTemplate;
  readonly operations: readonly Operation[];
}

/** Why a pod of the file cannot be written into; the place is that of the cause. */
export interface EditProblem extends Problem {
  readonly template: PodTemplate;
}

export type Edited =
  | {
      readonly ok: true;
      readonly text: string;
      /** What was changed of the text before, by offset: enough to undo it. */
      readonly changes: readonly Change[];
      /** First lines of the documents that could not be kept as they were written, and came out in a style of our own; hardly ever any. */
      readonly reformatted: readonly number[];
    }
  | { readonly ok: false; readonly problems: readonly EditProblem[] };

/**
 * Writes the operations into the manifest's text, and changes nothing else: what comes out, read again, is to the letter what fast-json-patch
 * makes of the JSON that went in, and every other document says what it said. That is checked here, on the very text that is returned.
 * A pod that cannot be written into (it shares text with another by an anchor, an operation does not apply) is a problem, and then nothing
 * is returned but the problems: without those pods it would work.
 */
export function applyOperations(manifest: Manifest, edits: readonly Edit[]): Edited {
  const drafts = [...byDocument(edits)].flatMap(([index, group]) => {
    const document = manifest.documents[index];
    return document ? [draftOf(manifest, document, group)] : [];
  });
  const problems = drafts.flatMap((draft) => draft.problems);
  return problems.length > 0 ? { ok: false, problems } : write(manifest, drafts);
}

function byDocument(edits: readonly Edit[]): ReadonlyMap<number, readonly Edit[]> {
  const groups = new Map<number, Edit[]>();
  for (const edit of edits) {
    const group = groups.get(edit.template.document);
    if (group) group.push(edit);
    else groups.set(edit.template.document, [edit]);
  }
  return groups;
}

/** A document that is to be: what it has to say, and the changes of the text that should bring it there. */
interface Draft {
  readonly document: YamlDocument;
  readonly edits: readonly Edit[];
  readonly expected: Json;
  readonly changes: readonly Change[];
  readonly problems: readonly EditProblem[];
}

function draftOf({ text }: Manifest, document: YamlDocument, edits: readonly Edit[]): Draft {
  const expected = structuredClone(document.json);
  const root = rootSlot(document);
  const problems = edits.flatMap((edit) => problemsOf(edit, { document, expected, root }));
  const changes = problems.length > 0 ? [] : changesOf(sourceTextOf(text, document.root), root);
  return { document, edits, expected, changes, problems };
}

/** Carries the operations out twice, on the JSON and on the tree of the text: each is the other's judge. */
function problemsOf(
  edit: Edit,
  { document, expected, root }: Pick<Draft, 'document' | 'expected'> & { readonly root: Slot },
): readonly EditProblem[] {
  const { template } = edit;
  for (const operation of operationsOf(edit)) {
    const finer = refined(operation, expected);
    try {
      jsonpatch.applyPatch(expected, [structuredClone(operation)], true);
    } catch {
      const message = `"${operation.op}" does not apply at ${operation.path}`;
      return [{ template, line: template.line, column: 1, message }];
    }
    for (const one of finer) {
      const obstacle = carryOut(root, one, document);
      if (obstacle) return [{ template, ...document.position(obstacle.offset), message: obstacle.message }];
    }
  }
  return [];
}

/**
 * A map that takes the place of another which differs in a value or has one more: just that is written, and what its author has written around
 * it stays, comments and all.
 */
function refined(operation: Operation, document: Json): readonly Operation[] {
  const { op, path, value } = operation;
  const before = op === 'replace' ? valueAt(document, path) : undefined;
  if (!isObject(before) || !isObject(value)) return [operation];
  const names = Object.keys(value);
  if (Object.keys(before).some((name, index) => names[index] !== name)) return [operation];
  return names
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(value[name]))
    .map((name) => ({
      op: before[name] === undefined ? 'add' : 'replace',
      path: path + pointer(name),
      value: value[name] ?? null,
    }));
}

function valueAt(document: Json, path: string): Json | undefined {
  let at: Json | undefined = document;
  for (const token of tokensOf(path)) {
    if (Array.isArray(at)) at = at[Number(token)];
    else at = isObject(at) ? at[token] : undefined;
  }
  return at;
}

/** The edit's operations with paths from the root of the document. */
function operationsOf({ template, operations }: Edit): readonly Operation[] {
  return operations.map((operation) => ({ ...operation, path: template.pointer + operation.path }));
}

function write(manifest: Manifest, drafts: readonly Draft[]): Edited {
  const changes = inOrder(drafts.flatMap((draft) => draft.changes));
  const text = withChanges(manifest.text, changes);
  return says(text, manifest, drafts) ? { ok: true, text, changes, reformatted: [] } : writeOneByOne(manifest, drafts);
}

/** Finds the documents whose text did not come out right, and has just these formatted anew. */
function writeOneByOne(manifest: Manifest, drafts: readonly Draft[]): Edited {
  const found: Change[] = [];
  const anew: Draft[] = [];
  for (const draft of drafts) {
    if (says(withChanges(manifest.text, draft.changes), manifest, [draft])) {
      found.push(...draft.changes);
    } else {
      anew.push(draft);
      found.push(
        ...reformatted(manifest.text, manifest.documents.indexOf(draft.document), draft.edits.flatMap(operationsOf)),
      );
    }
  }
  const changes = inOrder(found);
  const text = withChanges(manifest.text, changes);
  if (says(text, manifest, drafts)) {
    return {
      ok: true,
      text,
      changes,
      reformatted: anew.map(({ document }) => document.position(document.root?.range[0] ?? 0).line),
    };
  }
  const message = 'this document is written in a way that we cannot write into without changing more than we should';
  return {
    ok: false,
    problems: anew.flatMap(({ edits }) =>
      edits.map(({ template }) => ({ template, line: template.line, column: 1, message })),
    ),
  };
}

/** True when the text says what the drafts expect, and in all other documents what the manifest says. */
function says(text: string, { documents }: Manifest, drafts: readonly Draft[]): boolean {
  const stream = readStream(text);
  if (!stream.ok || stream.value.length !== documents.length) return false;
  const expected = new Map(drafts.map((draft) => [draft.document, draft.expected]));
  return documents.every((document, index) => {
    const wanted = expected.has(document) ? expected.get(document) : document.json;
    return JSON.stringify(stream.value[index]?.json) === JSON.stringify(wanted);
  });
}
