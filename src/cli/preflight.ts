import { admit } from '../admission/admit.ts';
import { isOptedIn } from '../admission/opt-in.ts';
import { readStatus } from '../api/status-annotation.ts';
import { describeFailure } from '../cluster/client/errors.ts';
import type { KubeClient as Api } from '../cluster/client/types.ts';
import { readOnce, sendOnce } from '../cluster/one-shot.ts';
import { WEBHOOK_CONFIGURATIONS } from '../cluster/webhook-configuration/entries.ts';
import { catalogueFrom, type OfflineOptions } from '../config/catalogue.ts';
import { otherInjectors } from '../diagnostics/other-webhooks.ts';
import {
  type Check,
  checkDeliveries,
  checkOtherInjectors,
  checkPodSecurity,
  checkVersion,
} from '../diagnostics/preflight.ts';
import { ownEntries } from '../diagnostics/webhook-match.ts';
import type { ClusterState } from '../kubernetes/cluster-state.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import { decodePod, type Pod } from '../kubernetes/pod.ts';
import { type JsonObject, objectIn, objectsIn, textIn } from '../lib/json.ts';
import { knownInjectors } from '../profile-sources/known-injectors.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import { reasonMessage } from '../reasons/message.ts';
import { openUserCluster } from '../server/cluster.ts';
import { readClaims, readNamespaceList } from './cluster-reader.ts';
import { readClusterState } from './cluster-state.ts';
import { withInstalledDefaults } from './installed-defaults.ts';

export interface PreflightOptions extends OfflineOptions {
  readonly kubeconfig: string | undefined;
  readonly output: 'text' | 'json';
}

/** Looks whether a cluster can run agent-injector, and whether it does. Creates nothing: pods are made as dry runs. */
export async function preflight(
  options: PreflightOptions,
): Promise<{ readonly output: string; readonly exitCode: 0 | 1 }> {
  const own = await catalogueFrom(options);
  const api = await openUserCluster(options.kubeconfig);
  const facts = await readClusterState(api, []);
  const [namespaces, webhooks] = await Promise.all([readNamespaceList(api), readOnce(api, WEBHOOK_CONFIGURATIONS)]);
  const configurations = webhooks.kind === 'ok' ? objectsIn(webhooks.body, 'items') : [];
  const { catalogue } = await withInstalledDefaults(api, configurations, own);
  const on = [...namespaces.values()].filter(isOptedIn);
  const checks: readonly Check[] = [
    checkVersion(facts.kubernetes),
    ...checkDeliveries(facts.kubernetes),
    ...(await checkPermissions(api)),
    ...(webhooks.kind === 'ok'
      ? checkOtherInjectors(otherInjectors(configurations, knownInjectors))
      : [{ name: 'other injectors', result: 'problem' as const, message: describeFailure(webhooks) }]),
    ...checkPodSecurity(on),
    ...(await checkStorage(api, { catalogue, facts, on })),
    ...(await checkReach(api, configurations, on)),
  ];
  const output =
    options.output === 'json'
      ? `${JSON.stringify({ checks }, null, 2)}\n`
      : checks.map(({ name, result, message }) => `${MARKS[result]} ${name}: ${message}\n`).join('');
  return { output, exitCode: checks.some(({ result }) => result === 'problem') ? 1 : 0 };
}

const MARKS: { readonly [result in Check['result']]: string } = { ok: '✓', note: '!', problem: '✗' };

/** What whoever runs this needs: to install, and for the other commands. */
const permissions: readonly {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly use: string;
}[] = [
  { verb: 'create', group: '', resource: 'namespaces', use: 'install' },
  { verb: 'create', group: 'apps', resource: 'deployments', use: 'install' },
  { verb: 'create', group: 'rbac.authorization.k8s.io', resource: 'clusterroles', use: 'install' },
  { verb: 'create', group: 'admissionregistration.k8s.io', resource: 'mutatingwebhookconfigurations', use: 'install' },
  {
    verb: 'list',
    group: 'admissionregistration.k8s.io',
    resource: 'mutatingwebhookconfigurations',
    use: 'explain, preflight',
  },
  { verb: 'list', group: '', resource: 'namespaces', use: 'audit, plan' },
  { verb: 'list', group: '', resource: 'pods', use: 'audit' },
  { verb: 'list', group: 'apps', resource: 'deployments', use: 'plan' },
  { verb: 'get', group: '', resource: 'configmaps', use: 'explain, audit, plan: variables that come by envFrom' },
  { verb: 'list', group: '', resource: 'persistentvolumeclaims', use: 'audit: missing claims' },
];

async function checkPermissions(api: Api): Promise<readonly Check[]> {
  const answers = await Promise.all(
    permissions.map(async ({ verb, group, resource, use }): Promise<Check> => {
      const name = `permission to ${verb} ${resource}${group === '' ? '' : `.${group}`}`;
      const answer = await sendOnce(api, '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: { verb, group, resource } },
      });
      if (answer.kind !== 'ok') return { name, result: 'problem', message: describeFailure(answer) };
      const isAllowed = objectIn(answer.body, 'status')['allowed'] === true;
      return isAllowed
        ? { name, result: 'ok', message: `given (${use})` }
        : { name, result: 'problem', message: `not given to you; it is needed to ${use}` };
    }),
  );
  return answers;
}

/** A pod as small as can be. */
function samplePod(namespace: string): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'agent-injector-preflight-', namespace },
    spec: {
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'app',
          image: 'registry.example.com/app:1',
          resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '10m', memory: '16Mi' } },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  };
}

interface Basis {
  readonly catalogue: Catalogue;
  readonly facts: ClusterState;
  readonly on: readonly Namespace[];
}

/** Whether the claims that pods would mount are there, and whether a plain pod would get the agent at all. */
async function checkStorage(api: Api, { catalogue, facts, on }: Basis): Promise<readonly Check[]> {
  const claims = await readClaims(api, { namespace: '', allNamespaces: true });
  if (!claims) return [{ name: 'storage', result: 'note', message: 'the claims may not be listed by you' }];
  return on.flatMap((namespace): readonly Check[] => {
    const decoded = decodePod(samplePod(namespace.name));
    if (!decoded.ok) return [];
    const { decision, pod } = admit(decoded.pod, namespace, catalogue, facts);
    if (decision.outcome !== 'injected') {
      const message = `a plain pod in namespace ${namespace.name} would not get an agent: ${reasonMessage(decision.reason)} (${decision.reason.code})`;
      return [{ name: 'settings', result: 'note', message }];
    }
    return claimsOf(pod).map((claim): Check => {
      const isThere = claims.has(`${namespace.name}/${claim}`);
      return isThere
        ? { name: 'storage', result: 'ok', message: `the claim ${claim} is there in namespace ${namespace.name}` }
        : {
            name: 'storage',
            result: 'problem',
            message: `the claim ${claim} does not exist in namespace ${namespace.name}: its pods would stay Pending`,
          };
    });
  });
}

function claimsOf({ spec }: Pod): readonly string[] {
  return (spec.volumes ?? []).flatMap((volume) => {
    const claim = textIn(objectIn(volume, 'persistentVolumeClaim'), 'claimName');
    return claim === '' ? [] : [claim];
  });
}

/** Whether the API server gets through to the webhook: a pod is made as a dry run where injection is on. */
async function checkReach(
  api: Api,
  configurations: readonly JsonObject[],
  on: readonly Namespace[],
): Promise<readonly Check[]> {
  const name = 'reach';
  if (configurations.every((one) => ownEntries(one).length === 0))
    return [{ name, result: 'note', message: 'agent-injector is not installed yet: no webhook configuration of it' }];
  const [namespace] = on;
  if (!namespace) {
    const message =
      'no namespace is opted in: nothing to try it with (kubectl label namespace NAME agent-injector.io/injection=enabled)';
    return [{ name, result: 'note', message }];
  }
  const answer = await sendOnce(api, `/api/v1/namespaces/${namespace.name}/pods?dryRun=All`, samplePod(namespace.name));
  const where = `a pod, made as a dry run in namespace ${namespace.name},`;
  if (answer.kind !== 'ok')
    return [{ name, result: 'problem', message: `${where} was refused: ${describeFailure(answer)}` }];
  const decoded = decodePod(answer.body);
  const record = decoded.ok ? readStatus(decoded.pod) : undefined;
  if (!record) {
    const message = `${where} came back without a record: the API server does not get through to agent-injector, or it had nothing to do; its log and \`agent-injector certs\` say more`;
    return [{ name, result: 'problem', message }];
  }
  const why = record.reason === undefined ? '' : ` (${record.reason})`;
  return [{ name, result: 'ok', message: `${where} came back with a record: ${record.decision}${why}` }];
}
