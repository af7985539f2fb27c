import jsonpatch from 'fast-json-patch';
import { type Operation, pointer } from '../../lib/json-patch.ts';
import { isObject, type Json } from '../../lib/json.ts';
import type { Result } from '../../lib/result.ts';
import type { Manifest, PodTemplate } from '../documents.ts';
import { type SyntaxProblem, readStream, type YamlDocument } from '../yaml.ts';
import { applyToDraft, type DraftNode, draftOf } from './document-draft.ts';
import { reformat } from './reformat.ts';
import { applyTextEdits, SourceText, type TextEdit } from './source-text.ts';
import { textEditsOf } from './text-edits.ts';

/** Operations on one pod of the file, with paths that start at the pod. */
export interface PodEdit {
  readonly template: PodTemplate;
  readonly operations: readonly Operation[];
}

export interface EditProblem extends SyntaxProblem {
  readonly template: PodTemplate;
}

export interface EditedManifest {
  readonly text: string;
  /** First lines of documents that could not keep their layout; rarely any. */
  readonly reformatted: readonly number[];
}

/**
 * Writes operations into the text of a manifest and changes nothing else. The result, parsed again, equals what fast-json-patch makes of the
 * parsed input, and all other documents are unchanged; this is verified on the text that is returned. If a pod cannot be edited (it shares
 * text with another pod by an anchor, or an operation does not apply), only the problems are returned: without those pods it works.
 */
export function editManifest(
  manifest: Manifest,
  edits: readonly PodEdit[],
): Result<EditedManifest, readonly EditProblem[]> {
  const edited = manifest.documents.flatMap((_, index) =>
    editDocument(
      manifest,
      index,
      edits.filter(({ template }) => template.document === index),
    ),
  );
  const problems = edited.flatMap((one) => one.problems);
  return problems.length > 0 ? { ok: false, error: problems } : write(manifest, edited);
}

/** A document with edits: the JSON that it must parse to, and the text edits that should lead there. */
interface DocumentEdit {
  readonly index: number;
  readonly document: YamlDocument;
  readonly edits: readonly PodEdit[];
  readonly expected: Json;
  readonly textEdits: readonly TextEdit[];
  readonly problems: readonly EditProblem[];
}

function editDocument(
  { text, documents }: Manifest,
  index: number,
  edits: readonly PodEdit[],
): readonly DocumentEdit[] {
  const document = documents[index];
  if (!document || edits.length === 0) return [];
  const expected = structuredClone(document.json);
  const draft = draftOf(document);
  const problems = edits.flatMap((edit) => problemsOf(edit, { document, expected, draft }));
  const textEdits = problems.length > 0 ? [] : textEditsOf(new SourceText(text, document.root), draft);
  return [{ index, document, edits, expected, textEdits, problems }];
}

/** Applies operations to the JSON and, independently, to the draft of the text: each verifies the other. */
function problemsOf(
  edit: PodEdit,
  { document, expected, draft }: { document: YamlDocument; expected: Json; draft: DraftNode },
): readonly EditProblem[] {
  const { template } = edit;
  for (const operation of operationsOf(edit)) {
    let parts: readonly Operation[];
    try {
      parts = narrowed(operation, expected);
      jsonpatch.applyPatch(expected, [structuredClone(operation)], true);
    } catch {
      const message = `"${operation.op}" does not apply at ${operation.path}`;
      return [{ template, line: template.line, column: 1, message }];
    }
    for (const part of parts) {
      const fault = applyToDraft(draft, part, document);
      if (fault) return [{ template, ...document.position(fault.offset), message: fault.message }];
    }
  }
  return [];
}

/** Replaces only the values of a map that differ, so that comments and layout of the others stay. */
function narrowed(operation: Operation, document: Json): readonly Operation[] {
  const { op, path, value } = operation;
  if (op !== 'replace') return [operation];
  const before: Json = jsonpatch.getValueByPointer(document, path);
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

function operationsOf({ template, operations }: PodEdit): readonly Operation[] {
  return operations.map((operation) => ({ ...operation, path: template.pointer + operation.path }));
}

function write(manifest: Manifest, edited: readonly DocumentEdit[]): Result<EditedManifest, readonly EditProblem[]> {
  const text = applyTextEdits(
    manifest.text,
    edited.flatMap(({ textEdits }) => textEdits),
  );
  if (isAsExpected(text, manifest, edited)) return { ok: true, value: { text, reformatted: [] } };
  const failed = edited.filter((one) => !isAsExpected(applyTextEdits(manifest.text, one.textEdits), manifest, [one]));
  const reformatted = applyTextEdits(
    manifest.text,
    edited.flatMap((one) =>
      failed.includes(one) ? reformat(manifest.text, one.index, one.edits.flatMap(operationsOf)) : one.textEdits,
    ),
  );
  if (isAsExpected(reformatted, manifest, edited)) {
    const lines = failed.map(({ document }) => document.position(document.root?.range[0] ?? 0).line);
    return { ok: true, value: { text: reformatted, reformatted: lines } };
  }
  const message = 'this document is written in a way that cannot be edited without changing other parts of it';
  const problems = failed.flatMap(({ edits }) =>
    edits.map(({ template }) => ({ template, line: template.line, column: 1, message })),
  );
  return { ok: false, error: problems };
}

function isAsExpected(text: string, { documents }: Manifest, edited: readonly DocumentEdit[]): boolean {
  const stream = readStream(text);
  if (!stream.ok || stream.value.length !== documents.length) return false;
  const expected = new Map(edited.map((one) => [one.document, one.expected]));
  return documents.every((document, index) => {
    const wanted = expected.get(document) ?? document.json;
    return JSON.stringify(stream.value[index]?.json) === JSON.stringify(wanted);
  });
}
