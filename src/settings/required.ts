import { INJECTION_LABEL, REQUIRED } from '../api/keys.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import { labelsOf, type Pod } from '../kubernetes/pod.ts';
import type { Catalogue } from '../profiles/catalogue.ts';

export interface RequiredSources {
  readonly pod?: Pod | undefined;
  readonly namespace?: Namespace | undefined;
  /** True if the API server calls the path for required pods: its labels are newer than ours. */
  readonly required?: boolean | undefined;
}

/** True if the pod fails closed: it is refused if it cannot be injected. */
export function isRequired({ pod, namespace, required }: RequiredSources): boolean {
  return (
    required === true ||
    namespace?.labels[INJECTION_LABEL] === REQUIRED ||
    (pod !== undefined && labelsOf(pod)[INJECTION_LABEL] === REQUIRED)
  );
}

/** True if no pod is refused, whatever it requires: injection is stopped or only rehearsed, and `strictRequired` does not demand more. */
export function refusesNothing({
  injection,
  strictRequired,
}: Pick<Catalogue, 'injection' | 'strictRequired'>): boolean {
  return injection !== undefined && injection.mode !== 'on' && strictRequired !== true;
}

/** True if the pod is required and has no way out: neither the label nor the annotation opts it out. */
export function isStrict(sources: RequiredSources & { readonly catalogue: Catalogue }): boolean {
  return sources.catalogue.strictRequired === true && isRequired(sources);
}
