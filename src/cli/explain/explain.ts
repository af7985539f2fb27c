import { decodeReview } from '../../admission/review.ts';
import { type OfflineInputs, offlineInputs } from '../../config/catalogue.ts';
import { undecided } from '../../diagnostics/explanation.ts';
import { workloadKindOf } from '../../kubernetes/workload.ts';
import type { Json } from '../../lib/json.ts';
import { UsageError } from '../../lib/usage-error.ts';
import { displayName, readManifest, readText } from '../../manifests/file.ts';
import { annotationsFrom, namespaceFinder } from '../namespaces-from-files.ts';
import { type Explained, explained } from './explained.ts';
import { explainOnCluster } from './from-cluster.ts';
import type { ExplainOptions } from './options.ts';
import { explanationLines } from './text.ts';

/**
 * Explains what is decided for pods, by the code of the server. Throws a UsageError when the options or the files make no sense, an Error when
 * the cluster does not answer.
 */
export async function explain(options: ExplainOptions): Promise<string> {
  const sources = [options.target, options.file, options.review].filter((source) => source !== undefined);
  if (sources.length !== 1) throw new UsageError(['give one of KIND/NAME, --file and --review']);
  const found = await explainedBy(options, await offlineInputs(options));
  if (options.output === 'json') return `${JSON.stringify({ explained: found }, null, 2)}\n`;
  return `${found.map((one) => explanationLines(one).join('\n')).join('\n\n')}\n`;
}

function explainedBy(options: ExplainOptions, known: OfflineInputs): Promise<readonly Explained[]> {
  if (options.file !== undefined) return explainFile(options, options.file, known);
  if (options.review !== undefined) return explainReview(options, options.review, known);
  return explainOnCluster(options, known.catalogue);
}

async function explainFile(options: ExplainOptions, file: string, known: OfflineInputs): Promise<readonly Explained[]> {
  const annotations = annotationsFrom(options, known.catalogue);
  const manifest = await readManifest(file);
  const namespaceOf = await namespaceFinder(options, { file, manifest }, annotations);
  if (manifest.templates.length === 0) throw new UsageError([`${displayName(file)}: no pod and no workload in it`]);
  return manifest.templates.map(({ workload, name, object, pod, line, namespace = options.namespace }) => {
    const subject = { workload, name: name.replace(/\*$/, ''), object, template: pod };
    const where = { name: namespace, known: namespaceOf(namespace) };
    const one = explained(subject, where, known);
    return { ...one, at: `${displayName(file)}:${line}` };
  });
}

async function explainReview(
  options: ExplainOptions,
  file: string,
  known: OfflineInputs,
): Promise<readonly Explained[]> {
  const decoded = decodeReview(await readJson(file));
  if (decoded.kind === 'invalid') throw new UsageError([`${displayName(file)}: ${decoded.message}`]);
  const at = displayName(file);
  if (decoded.kind === 'unanswerable') {
    return [{ subject: `review ${decoded.uid}`, namespace: '', at, findings: [], decision: undecided(decoded.reason) }];
  }
  const { pod, namespace } = decoded.review;
  const namespaceOf = await namespaceFinder(options, undefined, annotationsFrom(options, known.catalogue));
  const workload = workloadKindOf('v1', 'Pod');
  if (!workload) throw new Error('pods have no row in the table of workloads');
  const name = pod.metadata?.name ?? `${pod.metadata?.generateName ?? ''}*`;
  const where = { name: namespace, known: namespaceOf(namespace) };
  return [{ ...explained({ workload, name, object: pod, template: pod }, where, known), at }];
}

async function readJson(file: string): Promise<Json> {
  const text = await readText(file);
  try {
    const json: Json = JSON.parse(text);
    return json;
  } catch (error) {
    throw new UsageError([`${displayName(file)}: ${error instanceof Error ? error.message : String(error)}`]);
  }
}
