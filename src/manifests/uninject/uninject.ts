import { decodePod } from '../../kubernetes/pod.ts';
import type { Json } from '../../lib/json.ts';
import type { Catalogue } from '../../profiles/catalogue.ts';
import { type Manifest, parseManifest, type PodTemplate } from '../documents.ts';
import { applyOperations } from '../edit/edit.ts';
import { type Change, inOrder, withChanges } from '../edit/source-text.ts';
import { planReverse } from './reverse-plan.ts';
import { type Reversed, reverseSteps } from './reverse-steps.ts';
import { reverseTextEdits } from './text-edits.ts';

/** What became of a pod that carries a record. */
export interface UninjectNote {
  readonly template: PodTemplate;
  readonly ok: boolean;
  /** A sentence fragment. */
  readonly message: string;
}

/** The text without what was injected, where that is certain; what became of each pod with a record. */
export function uninjectText(
  manifest: Manifest,
  catalogue: Catalogue,
): { readonly text: string; readonly told: readonly UninjectNote[] } {
  const found = manifest.templates.flatMap((template) => lookAt(manifest, template, catalogue));
  const likely = found.flatMap((one) => ('candidates' in one ? one.candidates.slice(0, 1) : []));
  // Nearly always all of them are right: one look at the whole is enough then.
  const all = isInverse(manifest, likely) ? new Set(likely) : undefined;
  const right = found.flatMap((one) => {
    const candidates = 'candidates' in one ? one.candidates : [];
    return candidates.find((candidate) => all?.has(candidate) ?? isInverse(manifest, [candidate])) ?? [];
  });
  const told = found.map((one): UninjectNote => {
    const { template } = one;
    if ('why' in one) return { template, ok: false, message: `left as it is: ${one.why}` };
    return right.some((candidate) => candidate.template === template)
      ? { template, ok: true, message: 'uninjected' }
      : { template, ok: false, message: `left as it is: ${CHANGED}` };
  });
  return { text: withChanges(manifest.text, inOrder(right.flatMap(({ changes }) => changes))), told };
}

const CHANGED =
  'it is not as inject writes it: it was changed since, or formatted anew; injecting the result would not make the same file';

interface Candidate {
  readonly template: PodTemplate;
  readonly undone: Reversed;
  readonly changes: readonly Change[];
}

type Look =
  | { readonly template: PodTemplate; readonly candidates: readonly Candidate[] }
  | { readonly template: PodTemplate; readonly why: string };

/** What the pod may have been before, the likeliest first; nothing for a pod without a record. */
function lookAt(manifest: Manifest, template: PodTemplate, catalogue: Catalogue): readonly Look[] {
  const decoded = decodePod(template.pod);
  const document = manifest.documents[template.document];
  if (!decoded.ok || !document) return [];
  const found = planReverse(decoded.value, catalogue);
  if (found.kind === 'nothing') return [];
  if (found.kind === 'unknown') return [{ template, why: found.why }];
  const candidates = (['absent', 'empty'] as const).flatMap((atTheEnd): readonly Candidate[] => {
    const result = reverseSteps(template.pod, found.undoing, atTheEnd);
    const steps = result.steps.map((step) => ({ ...step, path: template.pointer + step.path }));
    const changes = reverseTextEdits(manifest.text, document, steps);
    return changes ? [{ template, undone: result, changes }] : [];
  });
  return [{ template, candidates }];
}

/** The proof: the text without our parts says what it should, and the same additions written into it make the very file again. */
function isInverse(manifest: Manifest, candidates: readonly Candidate[]): boolean {
  const parsed = parseManifest(withChanges(manifest.text, inOrder(candidates.flatMap(({ changes }) => changes))));
  if (!parsed.ok) return false;
  const edits = candidates.flatMap(({ template, undone: { before, operations } }) => {
    const there = parsed.manifest.templates.find(
      (one) => one.document === template.document && one.pointer === template.pointer,
    );
    return there && isSame(there.pod, before) ? [{ template: there, operations }] : [];
  });
  if (edits.length < candidates.length) return false;
  const again = applyOperations(parsed.manifest, edits);
  return again.ok && again.text === manifest.text;
}

function isSame(one: Json, other: Json): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
