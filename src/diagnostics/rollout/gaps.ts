/**
 * How the pods of a workload differ from what would be created now. `missing`: no agent. `outdated`: an earlier version of a profile. `leftover`: an
 * agent that is no longer asked for. `stopped`: an agent whose injection someone has stopped for now.
 */
export const GAPS = ['missing', 'outdated', 'leftover', 'stopped'] as const;

export type Gap = (typeof GAPS)[number];

/** Where injection is stopped for now, no agent is removed unless it is asked for. */
export const DEFAULT_GAPS: readonly Gap[] = ['missing', 'outdated', 'leftover'];

/** `restart`: by a change of the pod template. `evict`: pod by pod, which respects PodDisruptionBudgets. */
export const MODES = ['restart', 'evict'] as const;

export type Mode = (typeof MODES)[number];
