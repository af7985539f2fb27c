import { BY_POLICY, isInjected, readStatus } from '../api/status-annotation.ts';
import { STATUS_ANNOTATION } from '../api/keys.ts';
import { annotationsOf, type Pod } from '../kubernetes/pod.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import type { Reason } from '../reasons/reason.ts';
import { missingEvidence } from './status-evidence.ts';
import { isOwnText } from './status-text.ts';

/**
 * Why the pod stays as it is: an admission policy has injected it. Policies run before webhooks. Anyone can write the record, so it counts only if the
 * pod has what the record names.
 */
export function injectedByPolicy(pod: Pod, catalogue: Catalogue): Reason | undefined {
  const record = readStatus(pod);
  if (record?.by !== BY_POLICY || record.decision !== 'injected') return undefined;
  const injected = record.containers.filter(isInjected);
  const [first] = injected;
  if (!first || !isOwnText(record, annotationsOf(pod)[STATUS_ANNOTATION])) return undefined;
  const isTrue = injected.every((status) => missingEvidence(pod, status, catalogue) === undefined);
  return isTrue ? { code: 'injected-by-policy', profile: first.profile } : undefined;
}
