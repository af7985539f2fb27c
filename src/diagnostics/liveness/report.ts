import { listed } from '../../lib/text.ts';
import type { PodVerdict } from './pod-verdict.ts';
import { mostTelling, nextStep, type Verdict, type VerdictCode, verdictOf } from './verdict-code.ts';

/** The verdict on a pod, or on all pods of a workload. */
export interface LivenessReport {
  /** `Deployment/web`. */
  readonly subject: string;
  readonly namespace: string;
  readonly verdict: Verdict;
  readonly code: VerdictCode;
  readonly message: string;
  readonly next?: string;
  readonly pods: readonly PodVerdict[];
  /** What could not be read or was left out, and what follows from that. */
  readonly notes: readonly string[];
}

export interface Verified {
  readonly subject: string;
  readonly namespace: string;
  readonly pods: readonly PodVerdict[];
  readonly notes: readonly string[];
}

/** One verdict on all pods: that of the pod that says most. */
export function livenessReport({ subject, namespace, pods, notes }: Verified): LivenessReport {
  const worst = mostTelling(pods);
  const code = worst?.code ?? 'no-pods';
  const next = worst ? worst.next : nextStep(code, { namespace });
  return {
    subject,
    namespace,
    verdict: verdictOf(code),
    code,
    message: worst ? messageOf(pods, worst) : 'it has no pods that run or start',
    ...(next !== undefined && { next }),
    pods,
    notes: [...notes, ...outdatedNote(pods)],
  };
}

function messageOf(pods: readonly PodVerdict[], worst: PodVerdict): string {
  if (pods.length === 1) return worst.message;
  const same = pods.filter(({ code }) => code === worst.code);
  const names =
    same.length === pods.length
      ? ''
      : `: ${listed(
          same.map(({ pod }) => pod),
          3,
        )}`;
  return `${same.length} of ${pods.length} pods${names}: ${worst.message}`;
}

function outdatedNote(pods: readonly PodVerdict[]): readonly string[] {
  const outdated = pods.filter(({ isOutdated }) => isOutdated);
  if (outdated.length === 0) return [];
  return [`${outdated.length} of ${pods.length} pods carry an earlier version of a profile: restart the workload`];
}
