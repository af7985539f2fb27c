import type { AgentState } from '../../diagnostics/workload-status.ts';

/** The worst first, like AGENT_STATES of the diagnostics, whose file would bring all decisions into the first chunk: a test compares both. */
export const AGENT_STATES = [
  'crashing',
  'out-of-memory',
  'copy-failed',
  'pull-failed',
  'agent-failed',
  'no-sign',
  'starting',
  'running',
  'alive',
] as const satisfies readonly AgentState[];

/** How bad something is; each has a sign of its own, so that the colour says nothing alone. */
export type Tone = 'bad' | 'warn' | 'good' | 'quiet';

export function toneOf(state: AgentState): Tone {
  if (state === 'alive') return 'good';
  if (state === 'running' || state === 'starting') return 'quiet';
  return state === 'no-sign' ? 'warn' : 'bad';
}
