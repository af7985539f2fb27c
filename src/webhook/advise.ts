import { admit } from '../admission/admit.ts';
import { workloadWarnings, type WorkloadReview } from '../admission/workload-review.ts';
import { traceOf } from '../lib/stack-trace.ts';
import { MAX_WAIT_MS } from './deadline.ts';
import type { HandlerDependencies } from './dependencies.ts';

/** The warnings for the writer of a workload, by the decision on a pod of its template. Never rejects: without a decision there are none. */
export async function adviseOn(
  { catalogue, cluster, namespaces, log }: Pick<HandlerDependencies, 'catalogue' | 'cluster' | 'namespaces' | 'log'>,
  review: WorkloadReview,
  deadlineMs: number,
): Promise<readonly string[]> {
  try {
    const { namespace: name, pod, workload } = review;
    const cached = namespaces.get(name);
    const found = cached
      ? { kind: 'found' as const, namespace: cached }
      : await namespaces.fetch(name, Math.min(deadlineMs, MAX_WAIT_MS));
    if (found.kind !== 'found') return [];
    const { decision } = admit(pod, found.namespace, catalogue(), { ...cluster(), workload });
    return workloadWarnings(review, decision, catalogue());
  } catch (error) {
    log.error({ err: traceOf(error), uid: review.uid }, 'internal error while deciding on the pods of a workload');
    return [];
  }
}
