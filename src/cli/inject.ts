import { createTwoFilesPatch } from 'diff';
import { admit } from '../admission/admit.ts';
import { type Decision, notInjected } from '../admission/decision.ts';
import { type OfflineOptions, type OfflineInputs, offlineInputs } from '../config/catalogue.ts';
import type { ClusterState } from '../kubernetes/cluster-state.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import { decodePod } from '../kubernetes/pod.ts';
import { aroundTemplate } from '../kubernetes/workload.ts';
import type { Operation } from '../lib/json-patch.ts';
import type { Manifest, PodTemplate } from '../manifests/documents.ts';
import { applyOperations, type Edit, type EditProblem } from '../manifests/edit/edit.ts';
import { displayName, readManifest } from '../manifests/file.ts';
import { misplacedKeys } from '../settings/misspelled-keys.ts';
import { decisionLines, isWanting } from './decision-text.ts';
import { annotationsFrom, namespaceFinder, type NamespaceOptions } from './namespaces-from-files.ts';

export interface InjectOptions extends NamespaceOptions, OfflineOptions {
  /** A path, or `-` for standard input. */
  readonly file: string;
  /** For objects that name no namespace. */
  readonly namespace: string;
  readonly diff: boolean;
}

export interface InjectResult {
  /** The file with the agents in it, or the difference to it. */
  readonly output: string;
  /** For people: what became of each pod. */
  readonly messages: readonly string[];
  /** 1 when an agent was asked for somewhere and could not be given. */
  readonly exitCode: 0 | 1;
}

/** Injects a file of manifests by the code of the server. Throws a UsageError when the options or the files make no sense. */
export async function inject(options: InjectOptions): Promise<InjectResult> {
  const { catalogue, cluster } = await offlineInputs(options);
  const annotations = annotationsFrom(options, catalogue);
  const manifest = await readManifest(options.file);
  const namespaceOf = await namespaceFinder(options, { file: options.file, manifest }, annotations);
  const decided = manifest.templates.map((template) => {
    const name = template.namespace ?? options.namespace;
    return { template, ...decide(template, namespaceOf(name), name, { catalogue, cluster }) };
  });
  const name = displayName(options.file);
  const written = write(
    manifest,
    // Why a pod was not injected is said on stderr: in a file it would stand until somebody takes it out.
    decided.filter(({ operations, decision }) => operations.length > 0 && decision.outcome === 'injected'),
  );
  return {
    output: options.diff
      ? createTwoFilesPatch(name, `${name} (injected)`, manifest.text, written.text, '', '')
      : written.text,
    messages: [
      ...(decided.length === 0 ? [`${name}: no pod and no workload in it`] : []),
      ...decided.flatMap((one) => messagesFor(name, one.template, one.decision, written.problems)),
      ...written.reformatted.map(
        (line) => `${name}:${line}: warning: this document could not keep its style and was formatted anew`,
      ),
    ],
    exitCode: written.problems.length > 0 || decided.some(({ decision }) => isWanting(decision)) ? 1 : 0,
  };
}

interface Written {
  readonly text: string;
  /** First lines of the documents that could not be kept as they were written. */
  readonly reformatted: readonly number[];
  readonly problems: readonly EditProblem[];
}

/** The text with the operations carried out, and for each pod that cannot be written into the reason, with its line. */
function write(manifest: Manifest, edits: readonly Edit[]): Written {
  const edited = applyOperations(manifest, edits);
  if (edited.ok) return { text: edited.text, reformatted: edited.reformatted, problems: [] };
  const bad = new Set(edited.problems.map(({ template }) => template));
  const rest = write(
    manifest,
    edits.filter(({ template }) => !bad.has(template)),
  );
  return { ...rest, problems: [...edited.problems, ...rest.problems] };
}

interface Decided {
  readonly decision: Decision;
  readonly operations: readonly Operation[];
}

function decide(template: PodTemplate, namespace: Namespace | undefined, name: string, known: OfflineInputs): Decided {
  if (!namespace)
    return { decision: notInjected({ code: 'namespace-unknown', namespace: name }, false), operations: [] };
  const decoded = decodePod(template.pod);
  const { catalogue, cluster } = known;
  if (decoded.ok) {
    const admission = admit(decoded.pod, namespace, catalogue, { ...cluster, ...workloadOf(template) });
    const misplaced = aroundTemplate(template.workload, template.object).flatMap((metadata) =>
      misplacedKeys({ kind: template.kind, name: template.name, metadata }, template.pod['metadata'], catalogue),
    );
    const { decision } = admission;
    return { ...admission, decision: { ...decision, notices: [...misplaced, ...decision.notices] } };
  }
  const { path, expected } = decoded;
  return { decision: notInjected({ code: 'malformed-pod', path, expected }, false), operations: [] };
}

/** Who makes the pods of a template: what the API server would say by their owner references. A Pod is made by nobody. */
function workloadOf({ kind, name }: PodTemplate): Partial<ClusterState> {
  return kind === 'Pod' || name === '' ? {} : { workload: { kind, name: name.replace(/\*$/, '') } };
}

function messagesFor(
  file: string,
  template: PodTemplate,
  decision: Decision,
  problems: readonly EditProblem[],
): readonly string[] {
  const at = `${template.kind}/${template.name}`;
  const unwritten = problems.filter((problem) => problem.template === template);
  return unwritten.length > 0
    ? unwritten.map(({ line, message }) => `${file}:${line}: ${at}: not written: ${message}`)
    : decisionLines(decision).map((line) => `${file}:${template.line}: ${at}: ${line}`);
}
