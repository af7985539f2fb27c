import { decodePod } from '../../kubernetes/pod.ts';
import type { Catalogue } from '../../profiles/catalogue.ts';
import { type Manifest, parseManifest, type PodTemplate } from '../documents.ts';
import { editManifest } from '../edit/edit.ts';
import { applyTextEdits, type TextEdit } from '../edit/source-text.ts';
import { uninjectLoosely } from './loose.ts';
import { planReverse } from './reverse-plan.ts';
import { type Reversal, reverse } from './reverse-steps.ts';
import { reverseTextEdits } from './reverse-edits.ts';

export interface UninjectedPod {
  readonly template: PodTemplate;
  /** The reason for leaving the pod unchanged, a sentence fragment; undefined if it was uninjected. */
  readonly problem: string | undefined;
  /** It is without what its status annotation lists, but the text may have been another one before the injection. */
  readonly isLoose: boolean;
}

/** Removes from the text what was injected, where the result is certain. Lists the pods with a record of an injection. */
export function uninjectText(
  manifest: Manifest,
  catalogue: Catalogue,
  { loose = false }: { readonly loose?: boolean | undefined } = {},
): { readonly text: string; readonly pods: readonly UninjectedPod[] } {
  const attempts = manifest.templates.flatMap((template) => attemptsFor(manifest, template, catalogue));
  const likeliest = attempts.flatMap(({ candidates }) => candidates.slice(0, 1));
  // Nearly always all of them are right, so they are verified together first.
  const areAllRight = isInverse(manifest, likeliest);
  const results = attempts.map(({ template, candidates, problem }) => ({
    template,
    problem,
    right: areAllRight ? candidates[0] : candidates.find((candidate) => isInverse(manifest, [candidate])),
  }));
  const exact = applyTextEdits(
    manifest.text,
    results.flatMap(({ right }) => right?.textEdits ?? []),
  );
  const rest = loose && results.some(({ right }) => !right) ? uninjectLoosely(exact, catalogue) : undefined;
  return {
    text: rest?.text ?? exact,
    pods: results.map(({ template, problem, right }) => {
      const isLoose = !right && rest !== undefined && rest.isDone(template);
      return { template, problem: right || isLoose ? undefined : problem, isLoose };
    }),
  };
}

interface Candidate {
  readonly template: PodTemplate;
  readonly reversal: Reversal;
  readonly textEdits: readonly TextEdit[];
}

interface Attempt {
  readonly template: PodTemplate;
  readonly candidates: readonly Candidate[];
  readonly problem: string;
}

const CHANGED = 'it was edited or reformatted after the injection, so the original text cannot be restored exactly';

function attemptsFor(manifest: Manifest, template: PodTemplate, catalogue: Catalogue): readonly Attempt[] {
  const decoded = decodePod(template.pod);
  const document = manifest.documents[template.document];
  const plan = decoded.ok ? planReverse(decoded.value, catalogue) : undefined;
  if (!plan || !document) return [];
  if (!plan.ok) return [{ template, candidates: [], problem: plan.error }];
  const candidates = (['absent', 'empty'] as const).flatMap((trailing): readonly Candidate[] => {
    const reversal = reverse(template.pod, plan.value, trailing);
    const steps = reversal.steps.map((step) => ({ ...step, path: template.pointer + step.path }));
    const textEdits = reverseTextEdits(manifest.text, document, steps);
    return textEdits ? [{ template, reversal, textEdits }] : [];
  });
  return [{ template, candidates, problem: CHANGED }];
}

/** The proof: the text without the injected parts parses as expected, and injecting them again gives the very same file. */
function isInverse(manifest: Manifest, candidates: readonly Candidate[]): boolean {
  const text = applyTextEdits(
    manifest.text,
    candidates.flatMap(({ textEdits }) => textEdits),
  );
  const parsed = parseManifest(text);
  if (!parsed.ok) return false;
  const edits = candidates.flatMap(({ template: { document, pointer }, reversal: { before, operations } }) => {
    const template = parsed.value.templates.find((one) => one.document === document && one.pointer === pointer);
    return template && JSON.stringify(template.pod) === JSON.stringify(before) ? [{ template, operations }] : [];
  });
  if (edits.length < candidates.length) return false;
  const again = editManifest(parsed.value, edits);
  return again.ok && again.value.text === manifest.text;
}
