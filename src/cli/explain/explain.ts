import { decodeReview } from '../../admission/review.ts';
import { type OfflineInputs, offlineInputs } from '../../config/catalogue.ts';
import { undecided } from '../../diagnostics/explanation.ts';
import { podKind } from '../../kubernetes/workload.ts';
import { errorMessage } from '../../lib/error-message.ts';
import type { Json } from '../../lib/json.ts';
import { UsageError } from '../../lib/usage-error.ts';
import { clusterFor } from '../../manifests/documents.ts';
import { displayName, readText } from '../../manifests/file.ts';
import { targetsIn } from '../../manifests/targets.ts';
import { readManifests } from '../../manifests/sources.ts';
import type { CommandOutput, CommandResult } from '../command-result.ts';
import { dataOutput } from '../data-output.ts';
import { imagesOf } from '../image/for-manifests.ts';
import { unreadKindNotes } from '../manifest-notes.ts';
import { annotationsFrom, namespaceFinder } from '../namespaces-from-files.ts';
import { explainOnCluster } from './from-cluster.ts';
import type { ExplainOptions } from './options.ts';
import { type ExplanationResult, explainWorkload } from './result.ts';
import { explanationLines } from './text.ts';

/** Explains decisions by the code of the server. Throws a UsageError for invalid flags or files, an Error if the cluster does not answer. */
export async function explain(options: ExplainOptions): Promise<CommandResult> {
  const onCluster = isOnCluster(options);
  const given = [onCluster, (options.file ?? []).length > 0, options.review !== undefined].filter(Boolean);
  if (given.length !== 1)
    throw new UsageError(['exactly one of a pod or workload (or --selector), --file and --review is required']);
  if (options.serverDryRun && !onCluster) throw new UsageError(['--server-dry-run requires a pod or workload']);
  if (onCluster) refuseOfflineFlags(options);
  const { explained, messages } = await explainSource(options, await offlineInputs(options));
  const output: CommandOutput =
    options.output === 'text'
      ? {
          kind: 'lines',
          lines: explained.flatMap((one, index) => [
            ...(index > 0 ? [''] : []),
            ...explanationLines(one, options.all ?? false),
          ]),
        }
      : dataOutput(options.output, { explained });
  const isUndecided = explained.every((one) => one.isUndecided);
  return { output, messages, exitCode: isUndecided ? 3 : 0 };
}

/** Flags that would be without effect: a cluster has its own namespaces and version. */
function refuseOfflineFlags(options: ExplainOptions): void {
  const { namespaces, profile, set = [], kubernetes, revision, imageFacts, images } = options;
  const ofImages = { 'image-facts': imageFacts, images: images === true ? '' : undefined };
  const flags = { namespaces, profile, set: set[0], kubernetes, revision, ...ofImages };
  const given = Object.entries(flags).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`]));
  if (given.length > 0) throw new UsageError([`${given.join(', ')}: not with a pod or workload of a cluster`]);
}

function isOnCluster({ targets = [], selector }: ExplainOptions): boolean {
  return targets.length > 0 || selector !== undefined;
}

interface Explained {
  readonly explained: readonly ExplanationResult[];
  readonly messages: readonly string[];
}

async function explainSource(options: ExplainOptions, inputs: OfflineInputs): Promise<Explained> {
  if (options.file !== undefined) return explainFiles(options, options.file, inputs);
  const { review } = options;
  const explained = review === undefined ? explainOnCluster(options, inputs) : explainReview(options, review, inputs);
  return { explained: await explained, messages: [] };
}

async function explainFiles(
  options: ExplainOptions,
  files: readonly string[],
  inputs: OfflineInputs,
): Promise<Explained> {
  const annotations = annotationsFrom(options, inputs.catalogue);
  const sources = await readManifests(files, options);
  const namespaceOf = await namespaceFinder(options, sources, annotations);
  const objects = sources.flatMap(({ manifest }) => manifest.objects);
  const { targets, problems } = targetsIn(objects, options.namespace);
  const pods = sources.flatMap(({ manifest }) => manifest.templates.map(({ pod }) => pod));
  const images = await imagesOf(options, pods, inputs);
  const cluster = { ...clusterFor({ objects }, inputs.cluster), targets, ...images.known };
  const messages = [
    ...problems,
    ...images.messages,
    ...sources.flatMap(({ file, manifest }) => unreadKindNotes(displayName(file), manifest)),
  ];
  const templates = sources.flatMap(({ file, manifest }) => manifest.templates.map((one) => ({ file, ...one })));
  if (templates.length === 0)
    throw new UsageError([...messages, `${files.map(displayName).join(', ')}: contains no pods or workloads`]);
  const standard = options.namespace;
  const explained = templates.map(({ file, workload, name, object, pod, line, namespace = standard }) => {
    const subject = { workload, name: name.replace(/\*$/, ''), object, template: pod };
    const result = explainWorkload(subject, { name: namespace, known: namespaceOf(namespace) }, { ...inputs, cluster });
    return { ...result, at: `${displayName(file)}:${line}` };
  });
  return { explained, messages };
}

async function explainReview(
  options: ExplainOptions,
  file: string,
  inputs: OfflineInputs,
): Promise<readonly ExplanationResult[]> {
  const decoded = decodeReview(await readJson(file));
  if (decoded.kind === 'invalid') throw new UsageError([`${displayName(file)}: ${decoded.message}`]);
  const at = displayName(file);
  if (decoded.kind === 'unadvised')
    throw new UsageError([`${at}: the workload has no pod template that can be read, or another one controls it`]);
  if (decoded.kind === 'resource')
    throw new UsageError([
      `${at}: the review is about an AgentProfile or a target, not about a pod: use agent-injector lint`,
    ]);
  if (decoded.kind === 'unanswerable') {
    return [{ subject: `review ${decoded.uid}`, namespace: '', at, findings: [], decision: undecided(decoded.reason) }];
  }
  const { pod, namespace } = decoded.review;
  const namespaceOf = await namespaceFinder(options, [], annotationsFrom(options, inputs.catalogue));
  const name = pod.metadata?.name ?? `${pod.metadata?.generateName ?? ''}*`;
  const subject = { workload: podKind, name, object: pod, template: pod };
  return [{ ...explainWorkload(subject, { name: namespace, known: namespaceOf(namespace) }, inputs), at }];
}

async function readJson(file: string): Promise<Json> {
  const text = await readText(file);
  try {
    const json: Json = JSON.parse(text);
    return json;
  } catch (error) {
    throw new UsageError([`${displayName(file)}: ${errorMessage(error)}`]);
  }
}
