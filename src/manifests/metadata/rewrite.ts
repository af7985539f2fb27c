import { pointer, type Operation } from '../../lib/json-patch.ts';
import { isObject, isRecord, type Json, type JsonObject, objectIn } from '../../lib/json.ts';
import { podKind } from '../../kubernetes/workload.ts';
import { type Manifest, parseManifest } from '../documents.ts';
import { tokensOf } from '../edit/document-draft.ts';
import { editManifest, type EditProblem, type PodEdit } from '../edit/edit.ts';
import { applyTextEdits, type TextEdit } from '../edit/source-text.ts';
import { reverseTextEdits } from '../uninject/reverse-edits.ts';
import type { Step } from '../uninject/reverse-steps.ts';

/** A change of the labels and annotations of one object, or of a pod template in it. */
export interface MetadataChange {
  readonly document: number;
  readonly line: number;
  /** JSON Pointer within the document to what has the `metadata`. */
  readonly pointer: string;
  readonly json: JsonObject;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly removed: readonly (readonly [field: 'labels' | 'annotations', key: string])[];
}

export interface Rewritten {
  readonly text: string;
  readonly problems: readonly EditProblem[];
  /** Changes whose keys could not be removed from the text. */
  readonly unremoved: readonly MetadataChange[];
}

/** Writes the changes into the text of a manifest; comments and layout stay. What cannot be written is a problem, and changes nothing. */
export function rewriteMetadata(manifest: Manifest, changes: readonly MetadataChange[]): Rewritten {
  const edits = changes.map((change) => ({
    change,
    edit: { template: target(change), operations: additions(change) },
  }));
  const added = editManifest(
    manifest,
    edits.map(({ edit }) => edit),
  );
  if (!added.ok) {
    const failed = new Set(added.error.map(({ template }) => template));
    const rest = rewriteMetadata(
      manifest,
      edits.filter(({ edit }) => !failed.has(edit.template)).map(({ change }) => change),
    );
    return { ...rest, problems: [...added.error, ...rest.problems] };
  }
  const { text } = added.value;
  const removing = changes.filter((change) => change.removed.length > 0);
  const all = removed(text, removing);
  return all === undefined ? oneByOne(text, removing) : { text: all, problems: [], unremoved: [] };
}

/** Nearly always all keys can be removed together. */
function oneByOne(before: string, changes: readonly MetadataChange[]): Rewritten {
  let text = before;
  const unremoved: MetadataChange[] = [];
  for (const change of changes) {
    const without = removed(text, [change]);
    if (without === undefined) unremoved.push(change);
    else text = without;
  }
  return { text, problems: [], unremoved };
}

function target({ document, line, pointer: path, json }: MetadataChange): PodEdit['template'] {
  const name = { apiVersion: 'v1', kind: 'Pod', name: '', namespace: undefined };
  return { ...name, document, line, pointer: path, pod: json, workload: podKind, object: json };
}

function additions({ json, labels, annotations }: MetadataChange): readonly Operation[] {
  const metadata = objectIn(json, 'metadata');
  const operations: Operation[] = isObject(json['metadata']) ? [] : [{ op: 'add', path: '/metadata', value: {} }];
  for (const [field, values] of [
    ['labels', labels],
    ['annotations', annotations],
  ] as const) {
    const entries = Object.entries(values);
    if (entries.length === 0) continue;
    const path = pointer('metadata', field);
    if (!isObject(metadata[field])) operations.push({ op: 'add', path, value: {} });
    operations.push(...entries.map(([key, value]): Operation => ({ op: 'add', path: path + pointer(key), value })));
  }
  return operations;
}

/** The text without the keys; undefined if it would not parse to exactly that. A key that is the last one of its map leaves an empty map. */
function removed(text: string, changes: readonly MetadataChange[]): string | undefined {
  const before = parseManifest(text);
  if (!before.ok) return undefined;
  const { documents } = before.value;
  const expected = documents.map(({ json }): Json => structuredClone(json));
  const edits: TextEdit[] = [];
  for (const [index, document] of documents.entries()) {
    const steps = changes
      .filter((change) => change.document === index)
      .flatMap((change) => stepsFor(expected[index] ?? null, change));
    const ofDocument = steps.length === 0 ? [] : reverseTextEdits(text, document, steps);
    if (!ofDocument) return undefined;
    edits.push(...ofDocument.map((edit) => withComment(text, edit)));
  }
  const after = applyTextEdits(text, edits);
  const parsed = parseManifest(after);
  const isExpected =
    parsed.ok && JSON.stringify(parsed.value.documents.map(({ json }) => json)) === JSON.stringify(expected);
  return isExpected ? after : undefined;
}

/** A comment behind a line that goes would stand behind the line before it. */
function withComment(text: string, edit: TextEdit): TextEdit {
  const end = edit.offset + edit.removed.length;
  const comment = /^\r?\n/.test(edit.removed) ? /^[ \t]+#[^\r\n]*/.exec(text.slice(end))?.[0] : undefined;
  return comment === undefined ? edit : { ...edit, removed: edit.removed + comment };
}

/** The steps in the text, each of which is taken in the value as well. */
function stepsFor(document: Json, { pointer: path, removed: keys }: MetadataChange): readonly Step[] {
  return (['labels', 'annotations'] as const).flatMap((field): readonly Step[] => {
    const names = keys.flatMap(([of, name]) => (of === field ? [name] : []));
    const whole = path + pointer('metadata', field);
    const map = recordAt(document, tokensOf(whole));
    if (names.length === 0 || !map) return [];
    const isEmptied = Object.keys(map).every((name) => names.includes(name));
    for (const name of names) delete map[name];
    return isEmptied
      ? [{ kind: 'empty', path: whole }]
      : names.map((name) => ({ kind: 'remove', path: whole + pointer(name) }));
  });
}

function recordAt(value: unknown, path: readonly string[]): Record<string, unknown> | undefined {
  let found = value;
  for (const step of path) found = isRecord(found) ? found[step] : undefined;
  return isRecord(found) ? found : undefined;
}
