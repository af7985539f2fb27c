import { isInjected, readStatus } from '../../api/status-annotation.ts';
import { toNamespace } from '../../cluster/caches/namespace-object.ts';
import { describeFailure } from '../../cluster/client/errors.ts';
import type { PodClient } from '../../cluster/client/types.ts';
import { offlineInputs, type OfflineOptions } from '../../config/catalogue.ts';
import { breakerNote, breakersAbout } from '../../diagnostics/liveness/known-breakers.ts';
import type { PodVerdict } from '../../diagnostics/liveness/pod-verdict.ts';
import { type LivenessReport, livenessReport } from '../../diagnostics/liveness/report.ts';
import type { Verdict } from '../../diagnostics/liveness/verdict-code.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import { workloadKeyOf } from '../../kubernetes/owner.ts';
import { decodePod, type Pod } from '../../kubernetes/pod.ts';
import { podKind } from '../../kubernetes/workload.ts';
import { sleep, systemClock } from '../../lib/clock.ts';
import { errorMessage } from '../../lib/error-message.ts';
import { UsageError } from '../../lib/usage-error.ts';
import { type ClusterOptions, openUserCluster } from '../../server/cluster.ts';
import { BREAKERS_UNKNOWN, type KnownBreakers, readKnownBreakers } from '../cluster/breakers.ts';
import { readNamespaceObject } from '../cluster/namespaces.ts';
import { readPodsOf } from '../cluster/pods-of-workload.ts';
import { findTargets, readTarget, type Target } from '../cluster/targets.ts';
import type { CommandResult } from '../command-result.ts';
import { dataOutput } from '../data-output.ts';
import type { ServerSettings } from '../installed-settings.ts';
import { clusterSettings } from '../policy-settings.ts';
import { lookIntoPod } from './pod.ts';
import { reportLines } from './text.ts';

export interface VerifyOptions extends OfflineOptions, ClusterOptions {
  /** `deploy/web`, `deploy web` or `web`. */
  readonly targets: readonly string[];
  readonly namespace: string;
  /** Look again until the verdict is not `starting`, or the timeout is over. */
  readonly wait?: boolean | undefined;
  /** In seconds. */
  readonly timeout: number;
  readonly debugImage?: string | undefined;
  readonly output: 'text' | 'json' | 'yaml';
}

export const EXIT_CODES: { readonly [verdict in Verdict]: CommandResult['exitCode'] } = {
  alive: 0,
  'not-alive': 1,
  starting: 1,
  unknown: 3,
};

const INTERVAL_MS = 2000;

/** Looks for the agent in a pod, or in the pods of a workload, with the rights of the user. What could not be read is exit code 3. */
export async function verify(options: VerifyOptions): Promise<CommandResult> {
  try {
    const report = await reportOf(options);
    const { output: format } = options;
    const exitCode = EXIT_CODES[report.verdict];
    if (format !== 'text') return { output: dataOutput(format, report), exitCode };
    return { output: { kind: 'lines', lines: reportLines(report) }, exitCode };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const messages = [`agent-injector: ${errorMessage(error)}`];
    return { output: { kind: 'lines', lines: [] }, messages, exitCode: 3 };
  }
}

async function reportOf(options: VerifyOptions): Promise<LivenessReport> {
  // Each look would add another container, which cannot be removed.
  if (options.wait === true && options.debugImage !== undefined)
    throw new UsageError(['--debug-image cannot be combined with --wait']);
  const client = await openUserCluster(options);
  const own = await offlineInputs(options);
  const workload = await onlyTarget(client, options);
  const { within, notes } = await readNamespace(client, options.namespace);
  const { labels } = within ?? { labels: {} };
  const settings = (await clusterSettings(client, options, own))({ name: options.namespace, labels });
  const deadline = systemClock.now() + options.timeout * 1000;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one look after the other
    const report = await look({ client, options, workload, settings, within, notes });
    if (report.verdict !== 'starting' || options.wait !== true || systemClock.now() >= deadline) return report;
    // oxlint-disable-next-line no-await-in-loop -- the interval
    await sleep(systemClock, INTERVAL_MS);
  }
}

async function onlyTarget(client: PodClient, { targets, namespace }: VerifyOptions): Promise<Target> {
  const [target, ...more] = await findTargets(client, targets, { namespace });
  if (!target || more.length > 0) throw new UsageError([`"${targets.join(' ')}" must name one pod or workload`]);
  return target;
}

interface Look {
  readonly client: PodClient;
  readonly options: VerifyOptions;
  readonly workload: Target;
  readonly settings: ServerSettings;
  readonly within: Namespace | undefined;
  readonly notes: readonly string[];
}

/** Pods that are looked into: each costs a few requests. */
const MAX_PODS = 20;

async function look({ client, options, workload, settings, within, notes }: Look): Promise<LivenessReport> {
  const { namespace } = options;
  const { catalogue } = settings;
  const found = await podsOf(client, workload);
  const pods: PodVerdict[] = [];
  for (const pod of found.slice(0, MAX_PODS)) {
    // oxlint-disable-next-line no-await-in-loop -- a few requests at a time
    pods.push(await lookIntoPod({ client, namespace, within, catalogue, debugImage: options.debugImage }, pod));
  }
  const left = found.length - pods.length;
  const more = left > 0 ? [`${left} more pods were not looked into`] : [];
  return livenessReport({
    subject: `${workload.workload.kind}/${workload.name}`,
    namespace,
    pods,
    notes: [...notes, ...more, ...breakerNotes(found, namespace, await readKnownBreakers(client, settings))],
  });
}

/** The circuit breakers of the workload of the pods, and of the profiles that they carry. */
function breakerNotes(pods: readonly Pod[], namespace: string, { all, problem }: KnownBreakers): readonly string[] {
  if (!all) return [problem ?? `the settings of the server are not known: ${BREAKERS_UNKNOWN}`];
  const carried = pods.flatMap((pod) => (readStatus(pod)?.containers ?? []).filter(isInjected));
  const versions = new Set(carried.map(({ profile, hash }) => `${profile}@${hash}`));
  const workloads = new Set(pods.map(workloadKeyOf));
  const found = [...workloads].flatMap((workload) => breakersAbout(all, { namespace, workload, versions }));
  return [...new Set(found)].map(breakerNote);
}

/** A pod that was named counts also if it has ended. */
async function podsOf(client: PodClient, target: Target): Promise<readonly Pod[]> {
  if (target.workload.kind !== podKind.kind) return (await readPodsOf(client, target)).map(({ pod }) => pod);
  const current = await readTarget(client, target, target);
  const decoded = decodePod(current.object);
  if (!decoded.ok) throw new Error(`Pod ${target.name} is malformed: ${decoded.error.path}`);
  return [decoded.value];
}

/** Says which release serves it, and which share of its workloads gets another version. */
async function readNamespace(
  client: PodClient,
  name: string,
): Promise<{ readonly within: Namespace | undefined; readonly notes: readonly string[] }> {
  const answer = await readNamespaceObject(client, name);
  const within = answer.kind === 'ok' ? toNamespace(answer.body) : undefined;
  if (within) return { within, notes: [] };
  const why = answer.kind === 'ok' ? 'it has no name' : describeFailure(answer);
  return {
    within,
    notes: [`namespace ${name} could not be read, so which release serves it is not known: ${why}`],
  };
}
