/** What the pods of a workload with an agent are like, in `status -o json` and on the page. The worst first. */
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
] as const;

export type AgentState = (typeof AGENT_STATES)[number];
