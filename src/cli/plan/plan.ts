import { isReported } from '../../admission/decision.ts';
import { describeFailure } from '../../cluster/client/errors.ts';
import type { ApiResponse, KubeClient } from '../../cluster/client/types.ts';
import { offlineInputs } from '../../config/catalogue.ts';
import type { Verdict } from '../../diagnostics/decision-comparison.ts';
import { UsageError } from '../../lib/usage-error.ts';
import { displayName, readText } from '../../manifests/file.ts';
import { readWithBuiltIn } from '../../profile-sources/builtin-documents.ts';
import { fileProblem, fileProblemText, readProfileDocuments } from '../../profile-sources/read-documents.ts';
import type { Catalogue } from '../../profiles/catalogue.ts';
import { openUserCluster } from '../../server/cluster.ts';
import { createAsDryRun, isFailedCall } from '../cluster/dry-run.ts';
import { planTable } from './table.ts';
import { comparisonText, type Planned, planLines } from './text.ts';
import type { CommandOutput, CommandResult } from '../command-result.ts';
import { dataOutput } from '../data-output.ts';
import { formatSection } from '../format.ts';
import { type Compared, compareAll, type Named, type PlanOptions, scopeOf, surveyOf } from './survey.ts';

/** Previews a change for every existing workload. Throws a UsageError for invalid flags or files, an Error if the cluster does not answer. */
export async function plan(options: PlanOptions): Promise<CommandResult> {
  const { profileFile, labelNamespace, set = [] } = options;
  if (profileFile === undefined && labelNamespace === undefined && set.length === 0)
    throw new UsageError(['a change to preview is required: --profile-file, --label-namespace or --set']);
  const own = await offlineInputs(options);
  const added = profileFile === undefined ? [] : profilesIn(own.catalogue, profileFile, await readText(profileFile));
  const client = await openUserCluster(options);
  const survey = await surveyOf(client, options, { own, added });
  const { found, notes } = await compareAll(survey, { ...scopeOf(options), selector: options.selector });
  const compared = options.serverDryRun ? await Promise.all(found.map((one) => withDryRun(client, one))) : found;
  return {
    output: outputOf(compared.map(rowOf), [...survey.notes, ...notes], options),
    exitCode: compared.some(isBad) ? 1 : compared.some(isUnknown) ? 3 : 0,
  };
}

function outputOf(planned: readonly Planned[], notes: readonly string[], { output }: PlanOptions): CommandOutput {
  if (output === 'json' || output === 'yaml')
    return dataOutput(output, { planned, ...(notes.length > 0 && { notes }) });
  const lines = output === 'text' ? planLines(planned) : planTable(planned, output);
  return { kind: 'lines', lines: [...lines, ...formatSection('Notes', notes)] };
}

/** The profiles of a file. Throws a UsageError with every problem in it. */
function profilesIn(catalogue: Catalogue, file: string, text: string): readonly Named[] {
  const documents = readProfileDocuments(displayName(file), { ok: true, value: text });
  const set = readWithBuiltIn(
    documents.flatMap(({ source }) => (source.ok ? [source.value] : [])),
    catalogue,
  );
  const problems = [
    ...documents.flatMap(({ source }) => (source.ok ? [] : source.error)),
    ...set.problems.map(fileProblem),
  ];
  if (problems.length > 0) throw new UsageError(problems.map(fileProblemText));
  if (set.own.size === 0) throw new UsageError([`${displayName(file)}: no AgentProfile found`]);
  return [...set.own].map(([name, { profile }]) => [name, profile] as const);
}

async function withDryRun(client: KubeClient, compared: Compared): Promise<Compared> {
  const { tried } = compared;
  // The original pod, in the namespace as it is, can be refused for what the change mends. Not for a webhook that does not answer.
  return tried ? { ...compared, dryRun: await createAsDryRun(client, tried, isFailedCall) } : compared;
}

/** The API server marks a violation only in the message of its Status (k8s.io/pod-security-admission admission/admission.go). */
function violatesPodSecurity(dryRun: ApiResponse | undefined): boolean {
  return dryRun?.kind === 'http' && dryRun.message.includes('violates PodSecurity');
}

const BAD: ReadonlySet<Verdict> = new Set(['refused', 'loses', 'conflict', 'pod-security']);

/** By what the change changes: a conflict that is there before and after it counts for nothing. */
function isBad({ comparison, dryRun }: Compared): boolean {
  if (comparison.verdict === 'skipped') return isReported(comparison.reason);
  return BAD.has(comparison.verdict) || (dryRun !== undefined && dryRun.kind !== 'ok');
}

function isUnknown({ comparison }: Compared): boolean {
  return comparison.verdict === 'undecided';
}

function rowOf({ namespace, workload, comparison, changes, dryRun }: Compared): Planned {
  return {
    namespace,
    workload,
    verdict: violatesPodSecurity(dryRun) ? 'pod-security' : comparison.verdict,
    ...('reason' in comparison && comparison.reason && { reason: comparison.reason.code }),
    message: comparisonText(comparison),
    ...(changes.length > 0 && { changes }),
    ...(dryRun && { server: dryRun.kind === 'ok' ? 'accepted' : describeFailure(dryRun) }),
  };
}
