import type { Json } from '../lib/json.ts';
import type { Finding } from './condition.ts';
import type { Ownership, Report } from './status.ts';

/** What the server writes of an AgentProfile. */
export const PROFILE_OWNERSHIP: Ownership = {
  manager: 'agent-injector',
  conditions: ['Accepted', 'Ready'],
  fields: ['observedGeneration', 'hash', 'canaryHash', 'vendor'],
};

/** What a server has made of a generation of an AgentProfile. */
export interface ProfileJudgement {
  readonly generation: number;
  /** As lint says them; none: this generation is in service. */
  readonly problems: readonly string[];
  /** The version that new pods get; undefined if they get none. */
  readonly inService: ProfileVersion | undefined;
}

export interface ProfileVersion {
  readonly vendor: string;
  /** As in the status annotation of pods. */
  readonly hash: string;
  /** Of the version for a share of the workloads. */
  readonly canaryHash?: string;
}

export function profileReport({ generation, problems, inService }: ProfileJudgement): Report {
  const fields: Record<string, Json> = { observedGeneration: generation };
  if (inService) {
    const { vendor, hash, canaryHash } = inService;
    Object.assign(fields, { vendor, hash, ...(canaryHash !== undefined && { canaryHash }) });
  }
  return { generation, findings: [acceptance(problems), readiness(problems, inService)], fields };
}

function acceptance(problems: readonly string[]): Finding {
  if (problems.length === 0) return { reason: 'Valid', message: 'it has no errors' };
  return { reason: 'Invalid', message: problemsText(problems) };
}

function readiness(problems: readonly string[], inService: ProfileVersion | undefined): Finding {
  if (!inService) return { reason: 'NotInService', message: 'new pods do not get it: it has errors' };
  if (problems.length === 0) return { reason: 'InService', message: `new pods get the version ${inService.hash}` };
  return { reason: 'KeptLastGood', message: `this generation has errors: new pods get the version ${inService.hash}` };
}

const SHOWN = 3;

/** The first three problems, and how many more there are. */
export function problemsText(problems: readonly string[]): string {
  const more = problems.length - SHOWN;
  return [...problems.slice(0, SHOWN), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}
