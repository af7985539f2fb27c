import type { OfflineInputs } from '../../config/catalogue.ts';
import { workloadText } from '../../kubernetes/owner.ts';
import { decodePod, type Pod } from '../../kubernetes/pod.ts';
import { podFromTemplate, type WorkloadKind } from '../../kubernetes/workload.ts';
import { isOptedIn } from '../../admission/opt-in.ts';
import { admit } from '../../admission/admit.ts';
import { Audit, type AuditFinding } from '../../diagnostics/audit.ts';
import { mislabelledNamespaces } from '../../diagnostics/findings.ts';
import { WorkloadStatuses } from '../../diagnostics/workload-status.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import type { JsonObject } from '../../lib/json.ts';
import { clusterFor } from '../../manifests/documents.ts';
import { displayName } from '../../manifests/file.ts';
import { readManifests, type ManifestSource } from '../../manifests/sources.ts';
import { targetsIn } from '../../manifests/targets.ts';
import { overviewOf } from '../../page/needs.ts';
import type { Overview, PodDetail, PodList, ProfileList, TrySettings } from '../../page/wire.ts';
import type { PageSource, Subject } from '../../page-server/source.ts';
import { explainWorkload } from '../explain/result.ts';
import { unreadKindNotes } from '../manifest-notes.ts';
import { namespaceFinder } from '../namespaces-from-files.ts';
import { recordOf } from './pod-detail.ts';
import { afterText, beforeText } from './pod-text.ts';
import { profileRows } from './profile-rows.ts';

export interface FilesScope {
  readonly file: readonly string[];
  readonly recursive?: boolean | undefined;
  readonly namespaces?: string | undefined;
  /** Of objects that name none. */
  readonly namespace: string;
}

interface FromFile {
  readonly kind: WorkloadKind;
  readonly name: string;
  readonly namespace: string;
  readonly object: JsonObject;
  readonly template: JsonObject;
  /** File and line. */
  readonly at: string;
}

interface FromFiles {
  readonly workloads: readonly FromFile[];
  readonly namespaces: ReadonlyMap<string, Namespace>;
  readonly cluster: OfflineInputs['cluster'];
  readonly notes: readonly string[];
}

/** The page's data from manifests, without a cluster: what would become of their pods. The files are read again for each overview. */
export class FilesSource implements PageSource {
  readonly from = 'files';
  readonly place: string;
  readonly #scope: FilesScope;
  readonly #inputs: OfflineInputs;
  #last: FromFiles | undefined;

  constructor(scope: FilesScope, inputs: OfflineInputs) {
    this.#scope = scope;
    this.#inputs = inputs;
    this.place = scope.file.map(displayName).join(', ');
  }

  user(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async namespaces(): Promise<readonly string[]> {
    return [...(await this.#read()).namespaces.keys()].toSorted();
  }

  now(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async overview(): Promise<Overview> {
    this.#last = await readFiles(this.#scope, this.#inputs);
    return overviewOfFiles(this.#last, this.#inputs);
  }

  /** A template has no pods. */
  pods(): Promise<PodList> {
    return Promise.resolve({ pods: [] });
  }

  async pod({ namespace, name, workload }: Subject): Promise<PodDetail | undefined> {
    const { workloads, namespaces, cluster } = await this.#read();
    const wanted = name === undefined ? workload : `Pod/${name}`;
    const found = workloads.find((one) => one.namespace === namespace && textOf(one) === wanted);
    if (!found) return undefined;
    const { catalogue } = this.#inputs;
    const known = namespaces.get(namespace);
    const subject = { workload: found.kind, name: found.name, object: found.object, template: found.template };
    const { decision, carries } = explainWorkload(subject, { name: namespace, known }, { catalogue, cluster });
    const pod = podOf(found);
    const after = carries || !pod || !known ? found.template : admit(pod, known, catalogue, cluster).pod;
    return {
      namespace,
      name: found.name,
      workload: name === undefined ? workload : undefined,
      explanation: decision,
      before: carries ? beforeText(found.template, catalogue) : afterText(found.template),
      after: afterText(after),
      record: recordOf(pod),
      events: [],
      verdict: undefined,
    };
  }

  async profiles(): Promise<ProfileList> {
    return { profiles: await profileRows(this.#inputs.catalogue, (await this.overview()).workloads) };
  }

  async try(): Promise<TrySettings> {
    const { namespaces } = await this.#read();
    return { namespaces: [...namespaces.values()].filter(isOptedIn), profiles: [], options: {} };
  }

  async #read(): Promise<FromFiles> {
    this.#last ??= await readFiles(this.#scope, this.#inputs);
    return this.#last;
  }
}

function textOf({ kind, name }: FromFile): string {
  return `${kind.kind}/${name}`;
}

/** What would become of the pods. They are not created yet, so what keeps them from an agent is a need, and that they have none is not. */
function overviewOfFiles({ workloads, namespaces, cluster, notes }: FromFiles, { catalogue }: OfflineInputs): Overview {
  const audit = new Audit({ catalogueOf: () => catalogue, namespaces, claims: undefined });
  const statuses = new WorkloadStatuses();
  for (const one of mislabelledNamespaces(namespaces.values())) audit.addMislabelled(one);
  // A pod names what controls it, which of a Deployment is a ReplicaSet; here, it is what the file has.
  const written = new Map<string, FromFile>();
  for (const one of workloads) {
    const pod = podOf(one);
    const namespace = namespaces.get(one.namespace);
    if (!pod || !namespace) continue;
    written.set(`${one.namespace} ${workloadText(pod)}`, one);
    audit.add(pod, one.namespace, cluster);
    statuses.add({ pod, namespace, catalogue, cluster });
  }
  const fileOf = (namespace: string, workload = ''): FromFile | undefined => written.get(`${namespace} ${workload}`);
  const found = audit.report().findings.filter(({ kind }) => kind !== 'expected-not-injected');
  const findings = found.map((one): AuditFinding => {
    const from = fileOf(one.namespace, one.workload);
    return from ? { ...one, workload: textOf(from), message: `${from.at}: ${one.message}` } : one;
  });
  const rows = statuses
    .list(() => [])
    .map((one) => {
      const from = fileOf(one.namespace, one.workload);
      return from ? { ...one, workload: textOf(from) } : one;
    });
  const { needs, ...rest } = overviewOf({ workloads: rows, findings, checks: [], notes });
  // Commands are for a cluster: here, the file is to be edited.
  const inFile = needs.map(({ affected, ...need }) => ({
    ...need,
    affected: affected.map((one) => ({ ...one, fix: undefined })),
  }));
  return { needs: inFile, ...rest };
}

/** As the workload would create it. */
function podOf({ kind, name, template }: FromFile): Pod | undefined {
  const decoded = decodePod(podFromTemplate(kind, name, template));
  return decoded.ok ? decoded.value : undefined;
}

function knownNamespaces(
  names: ReadonlySet<string>,
  namespaceOf: (name: string) => Namespace | undefined,
): readonly (readonly [string, Namespace])[] {
  return [...names].flatMap((name) => {
    const found = namespaceOf(name);
    return found ? [[name, found] as const] : [];
  });
}

async function readFiles(scope: FilesScope, inputs: OfflineInputs): Promise<FromFiles> {
  const sources: readonly ManifestSource[] = await readManifests(scope.file, scope);
  const namespaceOf = await namespaceFinder(scope, sources, {});
  const objects = sources.flatMap(({ manifest }) => manifest.objects);
  const { targets, problems } = targetsIn(objects, scope.namespace);
  const workloads = sources.flatMap(({ file, manifest }) =>
    manifest.templates.map(({ workload: kind, name, object, pod: template, line, namespace = scope.namespace }) => {
      const at = `${displayName(file)}:${line}`;
      return { kind, name: name.replace(/\*$/, ''), namespace, object, template, at };
    }),
  );
  const names = new Set(workloads.map(({ namespace }) => namespace));
  const namespaces = new Map(knownNamespaces(names, namespaceOf));
  const notes = [...problems, ...sources.flatMap(({ file, manifest }) => unreadKindNotes(displayName(file), manifest))];
  return { workloads, namespaces, cluster: { ...clusterFor({ objects }, inputs.cluster), targets }, notes };
}
