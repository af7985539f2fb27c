import { STATUS_ANNOTATION } from '../api/keys.ts';
import { readStatus } from '../api/status-annotation.ts';
import { annotationsOf, type Pod } from '../kubernetes/pod.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import { reasonTable } from '../reasons/reason-table.ts';
import type { Decision, Pass } from './decision.ts';
import { isProven } from './status-text.ts';

/**
 * Tells by the record on the pod whether an earlier pass has decided. An API server that calls again overwrites no audit annotation, so what the
 * first pass has told must stay true. A record that the pod does not prove counts only if it says that there is no agent, and nothing is left out for it.
 */
export function passOf(decision: Decision, pod: Pod, catalogue: Catalogue): Pass | undefined {
  if (annotationsOf(pod)[STATUS_ANNOTATION] === undefined) return undefined;
  // The record is not that of a webhook.
  if (decision.outcome === 'skipped' && decision.reason.code === 'injected-by-policy') return undefined;
  if (isProven(decision, pod, catalogue, 'any')) {
    const isSame = decision.outcome === 'skipped' && reasonTable[decision.reason.code].kind === 'satisfied';
    return isSame ? 'repeated' : 'later';
  }
  return saysSkipped(pod) ? 'later' : undefined;
}

function saysSkipped(pod: Pod): boolean {
  const { decision, reason = '' } = readStatus(pod) ?? {};
  return decision === 'skipped' && Object.hasOwn(reasonTable, reason);
}
