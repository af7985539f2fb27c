import type { ResourceReview } from '../admission/resource-review.ts';
import { traceOf } from '../lib/stack-trace.ts';
import type { HandlerDependencies } from './dependencies.ts';

/** What is wrong with a resource. Never rejects: where that is not known, nothing is wrong. */
export async function judge(
  { judgeResource, log }: Pick<HandlerDependencies, 'judgeResource' | 'log'>,
  { uid, object }: ResourceReview,
): Promise<readonly string[]> {
  try {
    return (await judgeResource?.(object)) ?? [];
  } catch (error) {
    log.error({ err: traceOf(error), uid }, 'internal error while judging a resource');
    return [];
  }
}
