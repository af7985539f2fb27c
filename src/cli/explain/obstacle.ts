import type { EntryMatch } from '../../diagnostics/webhook-match.ts';
import type { ExplanationResult } from './result.ts';

/** Findings by which no new pod gets an agent, whatever would be decided, as the first line says them. */
const OBSTACLES = {
  'not-installed': 'agent-injector is not installed in this cluster',
  'never-called': 'the API server does not call agent-injector',
  'calls-fail': 'every call of agent-injector fails',
} as const;

export const obstacleCodes: ReadonlySet<string> = new Set(Object.keys(OBSTACLES));

type Reached = Pick<ExplanationResult, 'findings' | 'apiServer' | 'decision'>;

/** What becomes of new pods if agent-injector is not asked, or its answer does not arrive; undefined if it is, as far as is known. */
export function obstacleText({ findings, apiServer = [], decision }: Reached): string | undefined {
  if (decision.outcome === 'skipped') return undefined;
  const found = Object.entries(OBSTACLES).find(([obstacle]) => findings.some(({ code }) => code === obstacle));
  if (!found) return undefined;
  const [code, text] = found;
  const refused =
    code === 'calls-fail' && apiServer.some(({ called, onFailure }) => called === 'yes' && onFailure === 'Fail');
  return `${refused ? 'refused' : 'not injected'}: ${text} (${code})`;
}

/** True if entries are called, and each call fails as far as the configuration shows. */
export function doCallsFail(matches: readonly EntryMatch[]): boolean {
  const called = matches.filter((one) => one.called !== 'no');
  return called.length > 0 && called.every((one) => one.called === 'yes' && one.why !== undefined);
}
