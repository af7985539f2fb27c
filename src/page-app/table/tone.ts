import type { AgentState } from '../../api/agent-state.ts';

/** How bad something is; each has a sign of its own, so that the colour says nothing alone. */
export type Tone = 'bad' | 'warn' | 'good' | 'quiet';

export function toneOf(state: AgentState): Tone {
  if (state === 'alive') return 'good';
  if (state === 'running' || state === 'starting') return 'quiet';
  return state === 'no-sign' ? 'warn' : 'bad';
}
