import jsonpatch from 'fast-json-patch';
import { decodePod } from '../../kubernetes/pod.ts';
import type { Json } from '../../lib/json.ts';
import type { Catalogue } from '../../profiles/catalogue.ts';
import { type Manifest, parseManifest, type PodTemplate } from '../documents.ts';
import { reformatBySteps } from '../edit/reformat.ts';
import { applyTextEdits, type TextEdit } from '../edit/source-text.ts';
import { planReverse } from './reverse-plan.ts';
import { reverseTextEdits } from './reverse-edits.ts';
import { reverse, type Step } from './reverse-steps.ts';

export interface LooseResult {
  readonly text: string;
  /** Whether the pod of a template is without its additions now. */
  readonly isDone: (template: PodTemplate) => boolean;
}

/** A document with pods that have a record of an injection. */
interface Loosened {
  readonly index: number;
  readonly templates: readonly PodTemplate[];
  /** What it must parse to. */
  readonly expected: Json;
  /** By which it might; the first that does is taken. */
  readonly edits: readonly (readonly TextEdit[])[];
}

/**
 * Removes what the status annotations list, from pods that were rewritten since, such as by `kubectl get -o yaml`. Only the result is verified: each document
 * parses to what it was without the listed parts. A document that cannot keep its layout is reformatted.
 */
export function uninjectLoosely(text: string, catalogue: Catalogue): LooseResult {
  const parsed = parseManifest(text);
  if (!parsed.ok) return { text, isDone: () => false };
  const manifest = parsed.value;
  const all = manifest.documents.flatMap((_, index) => loosened(manifest, index, catalogue));
  const firsts = all.flatMap(({ edits }) => edits[0] ?? []);
  const areAllRight = all.every(({ edits }) => edits.length > 0) && isAsExpected(manifest, firsts, all);
  const chosen = all.flatMap((one) => {
    const right = areAllRight ? one.edits[0] : one.edits.find((edits) => isAsExpected(manifest, edits, [one]));
    return right ? [{ ...one, right }] : [];
  });
  const done = new Set(chosen.flatMap(({ templates }) => templates.map(placeOf)));
  return {
    text: applyTextEdits(
      text,
      chosen.flatMap(({ right }) => right),
    ),
    isDone: (template) => done.has(placeOf(template)),
  };
}

function placeOf({ document, pointer }: PodTemplate): string {
  return `${document} ${pointer}`;
}

function loosened(manifest: Manifest, index: number, catalogue: Catalogue): readonly Loosened[] {
  const document = manifest.documents[index];
  if (!document) return [];
  let expected = structuredClone(document.json);
  const steps: Step[] = [];
  const templates: PodTemplate[] = [];
  for (const template of manifest.templates.filter((one) => one.document === index)) {
    const decoded = decodePod(template.pod);
    const plan = decoded.ok ? planReverse(decoded.value, catalogue) : undefined;
    if (!plan?.ok) continue;
    const reversal = reverse(template.pod, plan.value, 'loose');
    steps.push(...reversal.steps.map((step) => ({ ...step, path: template.pointer + step.path })));
    const replaced = [{ op: 'replace', path: template.pointer, value: reversal.before }] as const;
    expected = jsonpatch.applyPatch(expected, replaced).newDocument;
    templates.push(template);
  }
  if (templates.length === 0) return [];
  const kept = reverseTextEdits(manifest.text, document, steps);
  const reformatted = reformatBySteps(manifest.text, index, steps);
  return [
    { index, templates, expected, edits: [...(kept ? [kept] : []), ...(reformatted.length > 0 ? [reformatted] : [])] },
  ];
}

function isAsExpected(
  { text, documents }: Manifest,
  edits: readonly TextEdit[],
  changed: readonly Loosened[],
): boolean {
  const parsed = parseManifest(applyTextEdits(text, edits));
  if (!parsed.ok || parsed.value.documents.length !== documents.length) return false;
  const expected = new Map(changed.map((one) => [one.index, one.expected]));
  return documents.every((document, index) => {
    const wanted = expected.has(index) ? expected.get(index) : document.json;
    return JSON.stringify(parsed.value.documents[index]?.json) === JSON.stringify(wanted);
  });
}
