import type { PlannedWorkload } from '../../diagnostics/rollout/plan.ts';
import type { Progress } from '../../kubernetes/rollout/progress.ts';

/** `current`: its pods are what they should be by now. `failed`: the API server refuses it, as it would refuse the others. */
export type Begun =
  | { readonly kind: 'begun' | 'current' }
  | { readonly kind: 'skipped' | 'failed'; readonly why: string };

/** A way to replace the pods of a workload. What it knows is read from the cluster. */
export interface Replacer {
  /** `dryRun`: the API server says whether it would, and nothing is changed. */
  readonly begin: (workload: PlannedWorkload, dryRun?: boolean) => Promise<Begun>;
  readonly observe: (workload: PlannedWorkload) => Promise<Progress>;
}
