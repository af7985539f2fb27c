import { INJECTION_LABEL } from '../../api/keys.ts';
import { toNamespace } from '../../cluster/caches/namespace-object.ts';
import { describeFailure, type Failure } from '../../cluster/client/errors.ts';
import type { KubeClient as Api } from '../../cluster/client/types.ts';
import { isForbidden, readOnce } from '../../cluster/one-shot.ts';
import { WEBHOOK_CONFIGURATIONS } from '../../cluster/webhook-configuration/entries.ts';
import type { Finding } from '../../diagnostics/findings.ts';
import { creatorOf } from '../../kubernetes/owner.ts';
import { restartCommand } from '../../diagnostics/restart-command.ts';
import { type EntryMatch, type LabelledNamespace, ownEntries, matchOf } from '../../diagnostics/webhook-match.ts';
import { decodePod, type Pod } from '../../kubernetes/pod.ts';
import { apiPath, podFromTemplate, templateOf, workloadKindNamed, workloadKinds } from '../../kubernetes/workload.ts';
import { isObject, type JsonObject } from '../../lib/json.ts';
import { didYouMean, nearest } from '../../lib/suggest.ts';
import { UsageError } from '../../lib/usage-error.ts';
import type { Catalogue } from '../../profiles/catalogue.ts';
import { openUserCluster } from '../../server/cluster.ts';
import { readClusterState } from '../cluster-state.ts';
import { withInstalledDefaults } from '../installed-defaults.ts';
import { type Explained, explained, type ExplainedSubject } from './explained.ts';
import type { ExplainOptions } from './options.ts';

/** Explains a pod or a workload of a cluster: what the API server does first, then what would be decided now, with what is known there now. */
export async function explainOnCluster(
  { target = '', namespace, kubeconfig, config }: ExplainOptions,
  catalogue: Catalogue,
): Promise<readonly Explained[]> {
  const api = await openUserCluster(kubeconfig);
  const [subject, home, webhooks] = await Promise.all([
    readSubject(api, target, namespace),
    readNamespace(api, namespace),
    readWebhooks(api),
  ]);
  const made = decodePod(podFromTemplate(subject.workload, subject.name, subject.template));
  const pods = made.ok ? [{ namespace, pod: made.value }] : [];
  const installed =
    config === undefined ? await withInstalledDefaults(api, webhooks.configurations, catalogue) : { catalogue };
  const one = explained(
    subject,
    { name: namespace, known: toNamespace(home.object) },
    { catalogue: installed.catalogue, cluster: await readClusterState(api, pods) },
  );
  const reach = made.ok ? matchOf(webhooks.configurations, home.labelled, made.value) : [];
  const later = made.ok ? findLater(one, reach, made.value) : [];
  return [
    {
      ...one,
      findings: [...one.findings, ...webhooks.findings, ...later],
      ...(reach.length > 0 && { apiServer: reach }),
    },
  ];
}

/** `deploy/web` → the object, and the pod in it. */
async function readSubject(api: Api, target: string, namespace: string): Promise<ExplainedSubject> {
  const [word = '', name = ''] = target.split('/');
  const workload = workloadKindNamed(word);
  if (!workload || name === '') {
    const known = workloadKinds.flatMap(({ plural, short }) => [plural, ...short]);
    throw new UsageError([
      workload || word === ''
        ? `"${target}": write it as KIND/NAME, such as deploy/web`
        : `"${word}" is no kind that holds a pod${didYouMean(nearest(word, known))}`,
    ]);
  }
  const answer = await readOnce(api, apiPath(workload, namespace, name));
  if (answer.kind !== 'ok') throw new Error(`${workload.kind} ${namespace}/${name}: ${describeFailure(answer)}`);
  const template = templateOf(workload, answer.body);
  if (!template) throw new Error(`${workload.kind} ${namespace}/${name} has no pod template`);
  return { workload, name, object: answer.body, template };
}

interface Home {
  readonly object: JsonObject;
  readonly labelled: LabelledNamespace;
}

async function readNamespace(api: Api, name: string): Promise<Home> {
  const answer = await readOnce(api, `/api/v1/namespaces/${encodeURIComponent(name)}`);
  if (answer.kind !== 'ok') throw new Error(`Namespace ${name}: ${describeFailure(answer)}`);
  const { metadata } = answer.body;
  const labels = isObject(metadata) && isObject(metadata['labels']) ? metadata['labels'] : {};
  const texts = Object.entries(labels).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[key, value]] : [],
  );
  return { object: answer.body, labelled: { name, labels: Object.fromEntries(texts) } };
}

interface Webhooks {
  readonly configurations: readonly JsonObject[];
  readonly findings: readonly Finding[];
}

async function readWebhooks(api: Api): Promise<Webhooks> {
  const answer = await readOnce(api, WEBHOOK_CONFIGURATIONS);
  if (answer.kind !== 'ok') return { configurations: [], findings: [unreadable(answer)] };
  const { items } = answer.body;
  const all = Array.isArray(items) ? items.filter(isObject) : [];
  const own = all.filter((one) => ownEntries(one).length > 0);
  if (own.length > 0) return { configurations: own, findings: [] };
  const message = 'no MutatingWebhookConfiguration has an entry of agent-injector: it is not installed in this cluster';
  return { configurations: [], findings: [{ code: 'not-installed', message }] };
}

function unreadable(failure: Failure): Finding {
  const message = isForbidden(failure)
    ? 'the webhook configurations may not be read by you: whether the API server calls agent-injector is not known'
    : `the webhook configurations could not be read: ${describeFailure(failure)}`;
  return { code: 'webhooks-unreadable', message };
}

/** What follows from all of it together: nobody is asked, or nobody was asked when the pod was created. */
function findLater(one: Explained, reach: readonly EntryMatch[], pod: Pod): readonly Finding[] {
  const isOptedOut = one.findings.some(({ code }) => code === 'namespace-not-enabled');
  if (reach.length > 0 && reach.every(({ called }) => called === 'no') && !isOptedOut) {
    const whys = [...new Set(reach.map(({ why = '' }) => why))];
    return [
      { code: 'never-called', message: `the API server never calls agent-injector for this pod: ${whys.join('; ')}` },
    ];
  }
  const isThere = one.subject.startsWith('Pod/') && one.recorded === undefined;
  if (!isThere || one.decision.outcome !== 'injected') return [];
  const mend = restartCommand(one.namespace, creatorOf(pod));
  const message = `this pod would get the agent if it were created now, and has no record: when it was created, agent-injector was not asked or did not answer, or ${INJECTION_LABEL} was not set yet`;
  return [{ code: 'not-asked-then', message, ...(mend !== undefined && { fix: mend }) }];
}
