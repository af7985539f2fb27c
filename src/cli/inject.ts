import { admit } from '../admission/admit.ts';
import { type Decision, isReported, notInjected } from '../admission/decision.ts';
import { type OfflineOptions, type OfflineInputs, offlineInputs } from '../config/catalogue.ts';
import { decisionText } from '../diagnostics/explanation.ts';
import type { ClusterState } from '../kubernetes/cluster-state.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import { decodePod } from '../kubernetes/pod.ts';
import { enclosingMetadata } from '../kubernetes/workload.ts';
import type { Operation } from '../lib/json-patch.ts';
import { clusterFor, type Manifest, type PodTemplate } from '../manifests/documents.ts';
import { editManifest, type EditedManifest, type EditProblem, type PodEdit } from '../manifests/edit/edit.ts';
import { displayName } from '../manifests/file.ts';
import { type ManifestSource, readManifests } from '../manifests/sources.ts';
import { targetsIn } from '../manifests/targets.ts';
import { misplacedKeys } from '../settings/misspelled-keys.ts';
import type { CommandResult } from './command-result.ts';
import { decisionLines } from './decision-text.ts';
import { type ImageFlags, imagesOf } from './image/for-manifests.ts';
import { unreadKindNotes, withAccountSecrets } from './manifest-notes.ts';
import { type ChangedFile, manifestOutput } from './manifest-output.ts';
import { annotationsFrom, namespaceFinder, type NamespaceOptions } from './namespaces-from-files.ts';
import { startCounter } from './program/counter.ts';

export interface InjectOptions extends NamespaceOptions, OfflineOptions, ImageFlags {
  /** Paths, directories, https addresses, or `-` for standard input. */
  readonly files: readonly string[];
  readonly recursive?: boolean | undefined;
  readonly namespace: string;
  readonly diff?: boolean | undefined;
}

/** Injects manifests by the code of the server. Throws a UsageError for invalid flags or files. */
export async function inject(options: InjectOptions): Promise<Required<CommandResult>> {
  const own = await offlineInputs(options);
  const annotations = annotationsFrom(options, own.catalogue);
  const sources = await readManifests(options.files, options);
  const all = { objects: sources.flatMap(({ manifest }) => manifest.objects) };
  const { targets, problems } = targetsIn(all.objects, options.namespace);
  const pods = sources.flatMap(({ manifest }) => manifest.templates.map(({ pod }) => pod));
  const images = await imagesOf(options, pods, own);
  const inputs = { ...own, cluster: { ...clusterFor(all, own.cluster), targets, ...images.known } };
  const namespaceOf = await namespaceFinder(options, sources, annotations);
  const counter = startCounter('pods decided on');
  const injected = sources.map((source) => {
    counter.add(source.manifest.templates.length);
    return injectOne(source, { options, inputs, namespaceOf, objects: all.objects });
  });
  counter.end();
  return {
    output: manifestOutput(options, 'injected', injected),
    messages: [...problems, ...images.messages, ...injected.flatMap(({ messages }) => messages)],
    exitCode: injected.some(({ isMissing }) => isMissing) ? 1 : 0,
  };
}

interface InjectInputs {
  readonly options: InjectOptions;
  readonly inputs: OfflineInputs;
  readonly namespaceOf: (name: string) => Namespace | undefined;
  /** Of all files. */
  readonly objects: Manifest['objects'];
}

interface Injected extends ChangedFile {
  readonly messages: readonly string[];
  /** An agent was asked for and could not be injected. */
  readonly isMissing: boolean;
}

function injectOne(
  { file, manifest }: ManifestSource,
  { options, inputs, namespaceOf, objects }: InjectInputs,
): Injected {
  const admissions = manifest.templates.map((template) => {
    const namespace = template.namespace ?? options.namespace;
    const admission = admitTemplate(template, namespaceOf(namespace) ?? namespace, inputs);
    return {
      template,
      ...admission,
      ...withAccountSecrets(admission, template, { objects, namespace: options.namespace }),
    };
  });
  // A status that says why a pod was not injected does not belong in a file: nothing would ever update it.
  const edits = admissions.filter(
    ({ operations, decision }) => operations.length > 0 && decision.outcome === 'injected',
  );
  const edited = applyEdits(manifest, edits);
  const name = displayName(file);
  return {
    name,
    before: manifest.text,
    after: edited.text,
    messages: [
      ...unreadKindNotes(name, manifest),
      ...(admissions.length === 0 ? [`${name}: contains no pods or workloads`] : []),
      ...admissions.flatMap((one) => messagesFor(name, one, edited.problems)),
      ...edited.reformatted.map(
        (line) => `${name}:${line}: warning: this document could not keep its layout and was reformatted`,
      ),
    ],
    isMissing: edited.problems.length > 0 || admissions.some(({ decision }) => isMissingAgent(decision)),
  };
}

interface AppliedEdits extends EditedManifest {
  readonly problems: readonly EditProblem[];
}

/** Applies the operations where possible; the pods that cannot be edited are the problems. */
function applyEdits(manifest: Manifest, edits: readonly PodEdit[]): AppliedEdits {
  const edited = editManifest(manifest, edits);
  if (edited.ok) return { ...edited.value, problems: [] };
  const failed = new Set(edited.error.map(({ template }) => template));
  const rest = applyEdits(
    manifest,
    edits.filter(({ template }) => !failed.has(template)),
  );
  return { ...rest, problems: [...edited.error, ...rest.problems] };
}

/** The decision on the pod of a template. Of an unknown namespace there is only the name. */
function admitTemplate(
  template: PodTemplate,
  namespace: Namespace | string,
  { catalogue, cluster }: OfflineInputs,
): { readonly decision: Decision; readonly operations: readonly Operation[] } {
  if (typeof namespace === 'string')
    return { decision: notInjected({ code: 'namespace-unknown', namespace }, false), operations: [] };
  const decoded = decodePod(template.pod);
  if (!decoded.ok) {
    const { path, expected } = decoded.error;
    return { decision: notInjected({ code: 'malformed-pod', path, expected }, false), operations: [] };
  }
  const admission = admit(decoded.value, namespace, catalogue, { ...cluster, ...workloadOf(template) });
  const misplaced = enclosingMetadata(template.workload, template.object).flatMap((metadata) =>
    misplacedKeys({ kind: template.kind, name: template.name, metadata }, template.pod['metadata'], catalogue),
  );
  const { decision } = admission;
  return { ...admission, decision: { ...decision, notices: [...misplaced, ...decision.notices] } };
}

/** The workload of a template, which the server would find through owner references; none for a Pod. */
function workloadOf({ kind, name }: PodTemplate): Partial<ClusterState> {
  return kind === 'Pod' || name === '' ? {} : { workload: { kind, name: name.replace(/\*$/, '') } };
}

function isMissingAgent(decision: Decision): boolean {
  const ofContainers = decision.containers.flatMap((one) => (one.outcome === 'skipped' ? [one.reason] : []));
  return [...ofContainers, ...(decision.outcome === 'injected' ? [] : [decision.reason])].some(isReported);
}

function messagesFor(
  file: string,
  {
    template,
    decision,
    warning,
  }: { readonly template: PodTemplate; readonly decision: Decision; readonly warning?: string },
  problems: readonly EditProblem[],
): readonly string[] {
  const subject = `${template.kind}/${template.name}`;
  const unwritten = problems.filter((problem) => problem.template === template);
  if (unwritten.length > 0)
    return unwritten.map(({ line, message }) => `${file}:${line}: ${subject}: not written: ${message}`);
  const text = decisionText(decision, { namespace: template.namespace });
  const notices = text.notices.map(({ message, code }) => `warning: ${message} (${code})`);
  return [...decisionLines(text), ...notices, ...(warning === undefined ? [] : [warning])].map(
    (line) => `${file}:${template.line}: ${subject}: ${line}`,
  );
}
