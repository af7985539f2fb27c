import { decodeReview } from '../../admission/review.ts';
import { type OfflineInputs, offlineInputs } from '../../config/catalogue.ts';
import { undecided } from '../../diagnostics/explanation.ts';
import { podKind } from '../../kubernetes/workload.ts';
import { errorMessage } from '../../lib/error-message.ts';
import type { Json } from '../../lib/json.ts';
import { UsageError } from '../../lib/usage-error.ts';
import { clusterFor } from '../../manifests/documents.ts';
import { displayName, readManifest, readText } from '../../manifests/file.ts';
import type { CommandOutput, CommandResult } from '../command-result.ts';
import { unreadKindNotes } from '../manifest-notes.ts';
import { annotationsFrom, namespaceFinder } from '../namespaces-from-files.ts';
import { explainOnCluster } from './from-cluster.ts';
import type { ExplainOptions } from './options.ts';
import { type ExplanationResult, explainWorkload } from './result.ts';
import { explanationLines } from './text.ts';

/** Explains decisions by the code of the server. Throws a UsageError for invalid flags or files, an Error if the cluster does not answer. */
export async function explain(options: ExplainOptions): Promise<CommandResult> {
  const given = [options.target, options.file, options.review].filter((source) => source !== undefined);
  if (given.length !== 1) throw new UsageError(['exactly one of KIND/NAME, --file and --review is required']);
  if (options.serverDryRun && options.target === undefined)
    throw new UsageError(['--server-dry-run requires KIND/NAME']);
  const { explained, messages } = await explainSource(options, await offlineInputs(options));
  const output: CommandOutput =
    options.output === 'json'
      ? { kind: 'json', value: { explained } }
      : {
          kind: 'lines',
          lines: explained.flatMap((one, index) => [...(index > 0 ? [''] : []), ...explanationLines(one)]),
        };
  return { output, messages, exitCode: 0 };
}

interface Explained {
  readonly explained: readonly ExplanationResult[];
  readonly messages: readonly string[];
}

async function explainSource(options: ExplainOptions, inputs: OfflineInputs): Promise<Explained> {
  if (options.file !== undefined) return explainFile(options, options.file, inputs);
  const { review } = options;
  const explained = review === undefined ? explainOnCluster(options, inputs) : explainReview(options, review, inputs);
  return { explained: await explained, messages: [] };
}

async function explainFile(options: ExplainOptions, file: string, inputs: OfflineInputs): Promise<Explained> {
  const annotations = annotationsFrom(options, inputs.catalogue);
  const manifest = await readManifest(file);
  const namespaceOf = await namespaceFinder(options, { file, manifest }, annotations);
  const cluster = clusterFor(manifest, inputs.cluster);
  const messages = unreadKindNotes(displayName(file), manifest);
  if (manifest.templates.length === 0)
    throw new UsageError([...messages, `${displayName(file)}: contains no pods or workloads`]);
  const explained = manifest.templates.map(({ workload, name, object, pod, line, namespace = options.namespace }) => {
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
  if (decoded.kind === 'unanswerable') {
    return [{ subject: `review ${decoded.uid}`, namespace: '', at, findings: [], decision: undecided(decoded.reason) }];
  }
  const { pod, namespace } = decoded.review;
  const namespaceOf = await namespaceFinder(options, undefined, annotationsFrom(options, inputs.catalogue));
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
