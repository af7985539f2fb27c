import { openUserCluster } from '../../server/cluster.ts';
import type { CommandOutput, CommandResult } from '../command-result.ts';
import { dataOutput } from '../data-output.ts';
import type { PlanFlags } from './options.ts';
import { readSurvey, type Survey } from './survey.ts';
import { planLines, UNDECIDED } from './table.ts';

export interface RolloutPlanOptions extends PlanFlags {
  readonly output: 'text' | 'json' | 'yaml';
}

/** Shows the workloads whose pods are not what would be created now, with the rights of the user. Changes nothing. */
export async function rolloutPlan(options: RolloutPlanOptions): Promise<CommandResult> {
  const client = await openUserCluster(options);
  const survey = await readSurvey(client, options);
  const isText = options.output === 'text';
  return {
    output: outputOf(survey, options.output),
    messages: isText ? survey.notes.map((note) => `note: ${note}`) : [],
    exitCode: survey.isUndecided ? 3 : 0,
  };
}

function outputOf({ workloads, notes, isUndecided }: Survey, format: RolloutPlanOptions['output']): CommandOutput {
  if (format !== 'text') return dataOutput(format, { workloads, notes, ...(isUndecided && { isUndecided }) });
  return { kind: 'lines', lines: isUndecided ? [UNDECIDED] : planLines(workloads) };
}
