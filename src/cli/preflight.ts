import { admit } from '../admission/admit.ts';
import { isOptedIn } from '../admission/opt-in.ts';
import { readStatus } from '../api/status-annotation.ts';
import { describeFailure } from '../cluster/client/errors.ts';
import type { KubeClient } from '../cluster/client/types.ts';
import { readOnce, sendOnce } from '../cluster/one-shot.ts';
import { WEBHOOK_CONFIGURATIONS } from '../cluster/webhook-configuration/entries.ts';
import { offlineInputs, type OfflineOptions } from '../config/catalogue.ts';
import { checkPolicies } from '../diagnostics/admission-policies.ts';
import { otherInjectors } from '../diagnostics/other-webhooks.ts';
import {
  type Check,
  checkDeliveries,
  checkOtherInjectors,
  checkApiServer,
  checkPodSecurity,
  checkReleaseNamespaces,
  checkReleases,
  checkVersion,
  type NamedNode,
} from '../diagnostics/preflight.ts';
import { overlappingReleases, withoutRelease } from '../diagnostics/overlapping-releases.ts';
import { ownEntries } from '../diagnostics/webhook-match.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import { nodeKindOf } from '../kubernetes/nodes/facts.ts';
import { claimsOf, decodePod } from '../kubernetes/pod.ts';
import { type JsonObject, objectIn, objectsIn, textIn } from '../lib/json.ts';
import { knownInjectors } from '../profile-sources/known-injectors.ts';
import { reasonMessage } from '../reasons/message.ts';
import { openUserCluster } from '../server/cluster.ts';
import { readClaims, readNamespaceList } from './cluster/reader.ts';
import { readPolicies } from './cluster/policies.ts';
import { readClusterState, readNodes } from './cluster/state.ts';
import type { CommandOutput, CommandResult } from './command-result.ts';
import { serverSettings, type SettingsFor } from './installed-settings.ts';

export interface PreflightOptions extends OfflineOptions {
  readonly kubeconfig?: string | undefined;
  readonly output: 'text' | 'json';
}

/** Checks whether a cluster can run agent-injector, and whether an installed one works. Creates nothing: pods are sent as dry runs. */
export async function preflight(options: PreflightOptions): Promise<CommandResult> {
  const own = await offlineInputs(options);
  const client = await openUserCluster(options.kubeconfig);
  const [namespaces, webhooks] = await Promise.all([
    readNamespaceList(client),
    readOnce(client, WEBHOOK_CONFIGURATIONS),
  ]);
  const configurations = webhooks.kind === 'ok' ? objectsIn(webhooks.body, 'items') : [];
  const settingsFor = await serverSettings(client, options, own, configurations);
  const { options: decisive } = settingsFor({ name: '', labels: {} });
  const [cluster, nodes] = await Promise.all([readClusterState(client, [], decisive), readNodes(client)]);
  const enabled = [...namespaces.values()].filter(isOptedIn);
  const checks: readonly Check[] = [
    checkVersion(cluster.kubernetes),
    ...checkDeliveries(cluster.kubernetes, nodes?.map(namedNode)),
    ...(await checkPermissions(client)),
    ...(webhooks.kind === 'ok'
      ? checkOtherInjectors(otherInjectors(configurations, knownInjectors), ownConfiguration(configurations))
      : [{ name: 'other injectors', result: 'problem' as const, message: describeFailure(webhooks) }]),
    ...checkPolicies(await readPolicies(client)),
    ...checkReleases(overlappingReleases(configurations, enabled), withoutRelease(configurations, enabled)),
    ...(await checkApiServerAddresses(client)),
    ...checkReleaseNamespaces(namespacesOfReleases(configurations, namespaces)),
    ...checkPodSecurity(enabled),
    ...(await checkSamplePods(client, enabled, settingsFor, options.profiles !== undefined)),
    ...(await checkReach(client, configurations, enabled)),
  ];
  const output: CommandOutput =
    options.output === 'json'
      ? { kind: 'json', value: { checks } }
      : { kind: 'lines', lines: checks.map(({ name, result, message }) => `${MARKS[result]} ${name}: ${message}`) };
  return { output, exitCode: checks.some(({ result }) => result === 'problem') ? 1 : 0 };
}

function namedNode(node: JsonObject): NamedNode {
  return { name: textIn(objectIn(node, 'metadata'), 'name'), ...nodeKindOf(node) };
}

function ownConfiguration(configurations: readonly JsonObject[]): string | undefined {
  const own = configurations.find((one) => ownEntries(one).length > 0);
  return own && textIn(objectIn(own, 'metadata'), 'name');
}

function namespacesOfReleases(
  configurations: readonly JsonObject[],
  namespaces: ReadonlyMap<string, Namespace>,
): readonly Namespace[] {
  const services = configurations
    .flatMap(ownEntries)
    .map((entry) => textIn(objectIn(objectIn(entry, 'clientConfig'), 'service'), 'namespace'));
  return [...new Set(services)].flatMap((name) => namespaces.get(name) ?? []);
}

const API_SERVER_SLICES =
  '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dkubernetes';

async function checkApiServerAddresses(client: KubeClient): Promise<readonly Check[]> {
  const [slices, service] = await Promise.all([
    readOnce(client, API_SERVER_SLICES),
    readOnce(client, '/api/v1/namespaces/default/services/kubernetes'),
  ]);
  if (slices.kind !== 'ok') return [];
  const items = objectsIn(slices.body, 'items');
  const spec = service.kind === 'ok' ? objectIn(service.body, 'spec') : {};
  const addresses = items.flatMap((slice) => objectsIn(slice, 'endpoints')).flatMap((one) => textsIn(one, 'addresses'));
  const listed = [...items, spec].flatMap((one) => objectsIn(one, 'ports'));
  const ports = listed.flatMap(({ port }) => (typeof port === 'number' ? [port] : []));
  return checkApiServer([...new Set([...addresses, ...textsIn(spec, 'clusterIPs')])], [...new Set(ports)]);
}

function textsIn(object: JsonObject, key: string): readonly string[] {
  const list = object[key];
  return Array.isArray(list) ? list.filter((one) => typeof one === 'string') : [];
}

const MARKS: { readonly [result in Check['result']]: string } = { ok: '✓', note: '!', problem: '✗' };

const permissions = [
  { verb: 'create', group: '', resource: 'namespaces', use: 'the installation' },
  { verb: 'create', group: 'apps', resource: 'deployments', use: 'the installation' },
  { verb: 'create', group: 'rbac.authorization.k8s.io', resource: 'clusterroles', use: 'the installation' },
  {
    verb: 'create',
    group: 'admissionregistration.k8s.io',
    resource: 'mutatingwebhookconfigurations',
    use: 'the installation',
  },
  {
    verb: 'list',
    group: 'admissionregistration.k8s.io',
    resource: 'mutatingwebhookconfigurations',
    use: 'explain and preflight',
  },
  { verb: 'list', group: '', resource: 'namespaces', use: 'audit and plan' },
  { verb: 'list', group: '', resource: 'pods', use: 'audit' },
  { verb: 'list', group: 'apps', resource: 'deployments', use: 'plan' },
  { verb: 'get', group: '', resource: 'configmaps', use: 'explain, audit and plan (variables from envFrom)' },
  { verb: 'list', group: '', resource: 'persistentvolumeclaims', use: 'audit (missing claims)' },
];

function checkPermissions(client: KubeClient): Promise<readonly Check[]> {
  return Promise.all(
    permissions.map(async ({ verb, group, resource, use }): Promise<Check> => {
      const name = `permission to ${verb} ${resource}${group === '' ? '' : `.${group}`}`;
      const answer = await sendOnce(client, '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: { verb, group, resource } },
      });
      if (answer.kind !== 'ok') return { name, result: 'problem', message: describeFailure(answer) };
      const isAllowed = objectIn(answer.body, 'status')['allowed'] === true;
      return isAllowed
        ? { name, result: 'ok', message: `granted, used by ${use}` }
        : { name, result: 'problem', message: `not granted to you, but required by ${use}` };
    }),
  );
}

/** A minimal pod that Pod Security level `restricted` admits. */
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

async function checkSamplePods(
  client: KubeClient,
  enabled: readonly Namespace[],
  settingsFor: SettingsFor,
  knowsProfiles: boolean,
): Promise<readonly Check[]> {
  const claims = await readClaims(client, { namespace: '', allNamespaces: true });
  if (!claims)
    return [{ name: 'storage', result: 'note', message: 'you are not allowed to list PersistentVolumeClaims' }];
  const states = new Map(
    await Promise.all(
      [...new Set(enabled.map(settingsFor))].map(
        async (settings) => [settings, await readClusterState(client, [], settings.options)] as const,
      ),
    ),
  );
  return enabled.flatMap((namespace): readonly Check[] => {
    const settings = settingsFor(namespace);
    const decoded = decodePod(samplePod(namespace.name));
    if (!decoded.ok) return [];
    const { decision, pod } = admit(decoded.value, namespace, settings.catalogue, states.get(settings));
    if (decision.outcome !== 'injected') {
      if (decision.reason.code === 'unknown-profile' && !knowsProfiles) {
        const { name } = decision.reason;
        const message = `namespace ${namespace.name} uses profile ${name}, which is not built in: not checked, use --profiles DIR`;
        return [{ name: 'settings', result: 'note', message }];
      }
      const message = `a sample pod in namespace ${namespace.name} would not be injected: ${reasonMessage(decision.reason)} (${decision.reason.code})`;
      return [{ name: 'settings', result: 'note', message }];
    }
    return claimsOf(pod.spec.volumes).map((claim): Check => {
      const subject = `PersistentVolumeClaim ${claim}`;
      return claims.has(`${namespace.name}/${claim}`)
        ? { name: 'storage', result: 'ok', message: `${subject} exists in namespace ${namespace.name}` }
        : {
            name: 'storage',
            result: 'problem',
            message: `${subject} does not exist in namespace ${namespace.name}: its pods would stay Pending`,
          };
    });
  });
}

async function checkReach(
  client: KubeClient,
  configurations: readonly JsonObject[],
  [namespace]: readonly Namespace[],
): Promise<readonly Check[]> {
  const name = 'reach';
  if (configurations.every((one) => ownEntries(one).length === 0))
    return [{ name, result: 'note', message: 'not checked: agent-injector has no webhook configuration yet' }];
  if (!namespace) {
    const message =
      'not checked: injection is not enabled for any namespace (kubectl label namespace NAME agent-injector.io/injection=enabled)';
    return [{ name, result: 'note', message }];
  }
  const path = `/api/v1/namespaces/${namespace.name}/pods?dryRun=All`;
  const answer = await sendOnce(client, path, samplePod(namespace.name));
  const subject = `a pod created as a dry run in namespace ${namespace.name}`;
  if (answer.kind !== 'ok')
    return [{ name, result: 'problem', message: `${subject} was rejected: ${describeFailure(answer)}` }];
  const decoded = decodePod(answer.body);
  const status = decoded.ok ? readStatus(decoded.value) : undefined;
  if (!status) {
    const message = `${subject} has no status annotation: the API server does not reach agent-injector, or the pod did not request an agent; see the server's log and \`agent-injector certs\``;
    return [{ name, result: 'problem', message }];
  }
  const why = status.reason === undefined ? '' : ` (${status.reason})`;
  return [{ name, result: 'ok', message: `${subject} has a status annotation: ${status.decision}${why}` }];
}
