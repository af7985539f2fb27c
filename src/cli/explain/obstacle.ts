import { obstacles } from '../../diagnostics/decisions/obstacle.ts';
import type { ExplanationResult } from './result.ts';

/** Codes of the findings by which no new pod gets an agent, whatever would be decided. */
export const obstacleCodes: ReadonlySet<string> = new Set(Object.keys(obstacles));

type Reached = Pick<ExplanationResult, 'findings' | 'apiServer' | 'decision'>;

/** What becomes of new pods if agent-injector is not asked, or its answer does not arrive; undefined if it is, as far as is known. */
export function obstacleText({ findings, apiServer = [], decision }: Reached): string | undefined {
  if (decision.outcome === 'skipped') return undefined;
  const found = Object.entries(obstacles).find(([obstacle]) => findings.some(({ code }) => code === obstacle));
  if (!found) return undefined;
  const [code, text] = found;
  const refused =
    code === 'calls-fail' && apiServer.some(({ called, onFailure }) => called === 'yes' && onFailure === 'Fail');
  return `${refused ? 'refused' : 'not injected'}: ${text} (${code})`;
}
