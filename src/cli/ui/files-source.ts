import type { OfflineInputs } from '../../config/catalogue.ts';
import { creatorOf, workloadText } from '../../kubernetes/owner.ts';
import { decodePod, type Pod } from '../../kubernetes/pod.ts';
import { podFromTemplate, type WorkloadKind } from '../../kubernetes/workload.ts';
import { isOptedIn } from '../../admission/opt-in.ts';
import { admit } from '../../admission/admit.ts';
import { Audit } from '../../diagnostics/audit.ts';
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

  hasMetrics(): Promise<boolean> {
    return Promise.resolve(false);
  }

  now(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async overview(): Promise<Overview> {
    this.#last = await readFiles(this.#scope, this.#inputs);
    const { workloads, namespaces, cluster, notes } = this.#last;
    const { catalogue } = this.#inputs;
    const audit = new Audit({ catalogueOf: () => catalogue, namespaces, claims: undefined });
    const statuses = new WorkloadStatuses();
    for (const one of mislabelledNamespaces(namespaces.values())) audit.addMislabelled(one);
    for (const one of workloads) {
      const pod = podOf(one);
      const namespace = namespaces.get(one.namespace);
      if (!pod || !namespace) continue;
      audit.add(pod, one.namespace, cluster);
      statuses.add({ pod, namespace, catalogue, cluster });
    }
    const { findings } = audit.report();
    // Pods that are not created yet lack no agent: only what keeps them from getting it is a need.
    const kept = findings.filter(({ kind }) => kind !== 'expected-not-injected');
    return overviewOf({ workloads: statuses.list(() => []), findings: kept, checks: [], notes });
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

function textOf(one: FromFile): string {
  const pod = podOf(one);
  return pod && creatorOf(pod) ? workloadText(pod) : `${one.kind.kind}/${one.name}`;
}

/** As the workload would create it. */
function podOf({ kind, name, template }: FromFile): Pod | undefined {
  const decoded = decodePod(podFromTemplate(kind, name, template));
  return decoded.ok ? decoded.value : undefined;
}

async function readFiles(scope: FilesScope, inputs: OfflineInputs): Promise<FromFiles> {
  const sources: readonly ManifestSource[] = await readManifests(scope.file, scope);
  const namespaceOf = await namespaceFinder(scope, sources, {});
  const objects = sources.flatMap(({ manifest }) => manifest.objects);
  const { targets, problems } = targetsIn(objects, scope.namespace);
  const workloads = sources.flatMap(({ manifest }) =>
    manifest.templates.map(({ workload: kind, name, object, pod: template, namespace = scope.namespace }) => {
      return { kind, name: name.replace(/\*$/, ''), namespace, object, template };
    }),
  );
  const names = new Set(workloads.map(({ namespace }) => namespace));
  const namespaces = new Map([...names].flatMap((name) => [namespaceOf(name) ?? []].flat().map((one) => [name, one] as const)));
  const notes = [
    ...problems,
    ...sources.flatMap(({ file, manifest }) => unreadKindNotes(displayName(file), manifest)),
  ];
  return { workloads, namespaces, cluster: { ...clusterFor({ objects }, inputs.cluster), targets }, notes };
}
