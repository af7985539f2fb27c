import { API_GROUP_PATH, RESOURCES } from '../../api/target/kinds.ts';
import { timeOf } from '../../cluster/caches/injected-pods.ts';
import { ForbiddenError } from '../../cluster/client/errors.ts';
import type { PodClient } from '../../cluster/client/types.ts';
import { readAll, sendOnce } from '../../cluster/one-shot.ts';
import { interruptionError } from '../../cluster/watch/backoff.ts';
import { profileResource } from '../../api/profile-resource.ts';
import { isOptedIn } from '../../admission/opt-in.ts';
import { workloadText } from '../../kubernetes/owner.ts';
import { decodePod, hasEnded } from '../../kubernetes/pod.ts';
import { apiPath, podKind } from '../../kubernetes/workload.ts';
import { type JsonObject, objectIn, textIn } from '../../lib/json.ts';
import { podRow } from '../../page/pod-row.ts';
import type { Now, Overview, PodDetail, PodList, PodRow, ProfileList, TrySettings } from '../../page/wire.ts';
import type { PageSource, Subject } from '../../page-server/source.ts';
import { type Known, readKnown } from '../status/status.ts';
import { podDetail } from './pod-detail.ts';
import { profileRows } from './profile-rows.ts';
import { type ReadMetrics, readNow } from './server-metrics.ts';
import { type Survey, survey, type SurveyScope } from './survey.ts';

/** Pods of one workload that are shown. */
const MAX_PODS = 500;

/** The page's data from a cluster, with the rights of the client. */
export class ClusterSource implements PageSource {
  readonly from = 'cluster';
  readonly place: string;
  readonly #client: PodClient;
  readonly #scope: SurveyScope;
  readonly #readMetrics: ReadMetrics | undefined;
  #last: Survey | undefined;
  #reading: Promise<Survey> | undefined;

  constructor(client: PodClient, scope: SurveyScope, place: string, readMetrics?: ReadMetrics) {
    this.#readMetrics = readMetrics;
    this.#client = client;
    this.#scope = scope;
    this.place = place;
  }

  async user(): Promise<string | undefined> {
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const answer = await sendOnce(this.#client, path, review);
    const name = answer.kind === 'ok' ? textIn(objectIn(objectIn(answer.body, 'status'), 'userInfo'), 'username') : '';
    return name === '' ? undefined : name;
  }

  async namespaces(): Promise<readonly string[]> {
    const { allNamespaces, namespace } = this.#scope;
    if (!allNamespaces) return [namespace];
    const { known, overview } = await this.#read();
    const enabled = [...known.namespaces.values()].filter(isOptedIn).map(({ name }) => name);
    const affected = overview.needs.flatMap(({ affected: all }) => all.map((one) => one.namespace));
    const shown = new Set([...enabled, ...overview.workloads.map((one) => one.namespace), ...affected]);
    shown.delete('');
    return [...shown].toSorted();
  }

  async overview(): Promise<Overview> {
    return (await this.#survey()).overview;
  }

  async pods(namespace: string, workload: string): Promise<PodList> {
    const within = await this.#within(namespace);
    const known = within ?? (await this.#read()).known;
    const { catalogue } = known.settingsFor(known.namespaces.get(namespace) ?? { name: namespace, labels: {} });
    const pods: PodRow[] = [];
    const failed = await readAll(this.#client, apiPath(podKind, namespace), (items) => {
      pods.push(...items.flatMap((object) => rowIf(object, workload, (pod) => podRow(pod, object, catalogue, timeOf))));
    });
    if (failed) throw interruptionError('cannot list pods', failed);
    return { pods: pods.slice(0, MAX_PODS) };
  }

  async pod(subject: Subject): Promise<PodDetail | undefined> {
    const known = (await this.#within(subject.namespace)) ?? (await this.#read()).known;
    return podDetail(this.#fresh(), known, subject);
  }

  async profiles(): Promise<ProfileList> {
    const { known, overview } = await this.#read();
    const [first] = known.namespaces.values();
    const { catalogue } = known.settingsFor(first ?? { name: this.#scope.namespace, labels: {} });
    return { profiles: await profileRows(catalogue, overview.workloads) };
  }

  now(): Promise<Now | undefined> {
    return readNow(this.#client, this.#readMetrics);
  }

  async try(): Promise<TrySettings> {
    const { known } = await this.#read();
    const objects: JsonObject[] = [];
    await readAll(this.#client, `${API_GROUP_PATH}/${RESOURCES.profiles}`, (items) => objects.push(...items));
    const [first] = known.namespaces.values();
    const { options, catalogue } = known.settingsFor(first ?? { name: this.#scope.namespace, labels: {} });
    const own = [...catalogue.defaults].filter(([name]) => catalogue.ownDefaults?.has(name));
    const settableBy = options.settableBy && Object.fromEntries(options.settableBy);
    return {
      namespaces: [...known.namespaces.values()].filter(isOptedIn),
      profiles: objects.map((object) => profileResource(object).document),
      options: { ...options, settableBy, defaults: Object.fromEntries(own) },
    };
  }

  /** A client of which nothing was read yet: what is read once for a command is read again for each answer. */
  #fresh(): PodClient {
    return { ...this.#client };
  }

  async #read(): Promise<Survey> {
    return this.#last ?? this.#survey();
  }

  /** One reading for all that ask while it is under way. */
  #survey(): Promise<Survey> {
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readAll(): Promise<Survey> {
    this.#last = await survey(this.#fresh(), this.#scope);
    return this.#last;
  }

  /** Of one namespace that the scope has: without reading all of it first. */
  async #within(namespace: string): Promise<Known | undefined> {
    const { allNamespaces, namespace: own } = this.#scope;
    if (!allNamespaces && namespace !== own) throw new ForbiddenError(`namespace ${namespace} is not shown: use -A`);
    return this.#last || allNamespaces ? undefined : readKnown(this.#fresh(), this.#scope);
  }
}

function rowIf(
  object: JsonObject,
  workload: string,
  row: (pod: Parameters<typeof podRow>[0]) => PodRow,
): readonly PodRow[] {
  const decoded = decodePod(object);
  return decoded.ok && !hasEnded(decoded.value) && workloadText(decoded.value) === workload ? [row(decoded.value)] : [];
}
