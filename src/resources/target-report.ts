import type { Finding } from './condition.ts';
import { problemsText } from './profile-report.ts';
import type { Ownership, Report } from './status.ts';

/** What the server writes of a target. */
export const TARGET_OWNERSHIP: Ownership = {
  manager: 'agent-injector',
  conditions: ['Accepted', 'Conflict'],
  fields: ['observedGeneration'],
};

/** What a server has made of a generation of a target. */
export interface TargetJudgement {
  readonly generation: number;
  readonly problems: readonly string[];
  readonly unknownProfiles: readonly string[];
  /** Targets that come before it and select some of the same pods: `AgentTarget shop/web`. */
  readonly winners: readonly string[];
}

export function targetReport({ generation, problems, unknownProfiles, winners }: TargetJudgement): Report {
  return {
    generation,
    findings: [acceptance(problems, unknownProfiles), conflict(winners)],
    fields: { observedGeneration: generation },
  };
}

function acceptance(problems: readonly string[], unknownProfiles: readonly string[]): Finding {
  if (problems.length > 0) return { reason: 'Invalid', message: problemsText(problems) };
  if (unknownProfiles.length === 0) return { reason: 'Valid', message: 'it has no errors' };
  const named = unknownProfiles.map((name) => `no profile has the name "${name}"`);
  return { reason: 'UnknownProfile', message: problemsText(named) };
}

function conflict(winners: readonly string[]): Finding {
  if (winners.length === 0) return { reason: 'NoConflict', message: 'no other target comes before it' };
  return { reason: 'OtherTargetFirst', message: `before it comes ${problemsText(winners)}` };
}
