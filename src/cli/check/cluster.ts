import { describeFailure } from '../../cluster/client/errors.ts';
import type { KubeClient } from '../../cluster/client/types.ts';
import { readOnce, sendOnce } from '../../cluster/one-shot.ts';
import { checkPolicies } from '../../diagnostics/admission-policies.ts';
import type { Check } from '../../diagnostics/checks/check.ts';
import {
  checkApiServer,
  checkDeliveries,
  checkOtherInjectors,
  checkPodSecurity,
  checkVersion,
  type NamedNode,
} from '../../diagnostics/checks/cluster.ts';
import { otherInjectors } from '../../diagnostics/other-webhooks.ts';
import { ownEntries } from '../../diagnostics/webhook-match.ts';
import { nodeKindOf } from '../../kubernetes/nodes/facts.ts';
import { type JsonObject, objectIn, objectsIn, textIn } from '../../lib/json.ts';
import { knownInjectors } from '../../profile-sources/known-injectors.ts';
import { readPolicies } from '../cluster/policies.ts';
import { readClusterState, readNodes } from '../cluster/state.ts';
import type { Surroundings } from './world.ts';

/** Checks what an installation needs of the cluster. `pre`: your rights to install are needed, too. `namespace`: whose objects you want to see; default: all. */
export async function checkCluster(
  { client, settingsFor, configurations, world }: Surroundings,
  { pre: isBefore = false, namespace }: { readonly pre?: boolean | undefined; readonly namespace?: string | undefined },
): Promise<readonly Check[]> {
  const { options } = settingsFor({ name: '', labels: {} });
  const [cluster, nodes, permissions, policies, addresses] = await Promise.all([
    readClusterState(client, [], options),
    readNodes(client),
    checkPermissions(client, isBefore, namespace),
    readPolicies(client),
    checkApiServerAddresses(client),
  ]);
  return [
    checkVersion(cluster.kubernetes),
    ...checkDeliveries(cluster.kubernetes, nodes?.map(namedNode)),
    ...permissions,
    ...(configurations
      ? checkOtherInjectors(otherInjectors(configurations, knownInjectors), ownConfiguration(configurations))
      : []),
    ...checkPolicies(policies),
    ...addresses,
    ...checkPodSecurity(world.namespaces.values()),
  ];
}

function namedNode(node: JsonObject): NamedNode {
  return { name: textIn(objectIn(node, 'metadata'), 'name'), ...nodeKindOf(node) };
}

function ownConfiguration(configurations: readonly JsonObject[]): string | undefined {
  const own = configurations.find((one) => ownEntries(one).length > 0);
  return own && textIn(objectIn(own, 'metadata'), 'name');
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

const REGISTRATION = 'admissionregistration.k8s.io';
const INSTALLATION = 'the installation';

interface Permission {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  /** Who needs it. */
  readonly use: string;
  /** A user may have it in some namespaces only. */
  readonly isNamespaced?: boolean;
}

const permissions: readonly Permission[] = [
  { verb: 'create', group: '', resource: 'namespaces', use: INSTALLATION },
  { verb: 'create', group: 'apps', resource: 'deployments', use: INSTALLATION },
  { verb: 'create', group: 'rbac.authorization.k8s.io', resource: 'clusterroles', use: INSTALLATION },
  { verb: 'create', group: REGISTRATION, resource: 'mutatingwebhookconfigurations', use: INSTALLATION },
  { verb: 'list', group: REGISTRATION, resource: 'mutatingwebhookconfigurations', use: 'explain and check' },
  { verb: 'list', group: '', resource: 'namespaces', use: 'audit -A and plan -A' },
  { verb: 'list', group: '', resource: 'pods', use: 'audit and status', isNamespaced: true },
  { verb: 'list', group: 'apps', resource: 'deployments', use: 'plan', isNamespaced: true },
  { verb: 'get', group: '', resource: 'configmaps', use: 'explain, audit and plan (envFrom)', isNamespaced: true },
  { verb: 'list', group: '', resource: 'persistentvolumeclaims', use: 'audit (missing claims)', isNamespaced: true },
];

/** Without the rights to install, an installation fails; without the others, a command sees less. */
function checkPermissions(
  client: KubeClient,
  isBefore: boolean,
  namespace: string | undefined,
): Promise<readonly Check[]> {
  return Promise.all(
    permissions
      .filter(({ use }) => isBefore || use !== INSTALLATION)
      .map(async ({ verb, group, resource, use, isNamespaced = false }): Promise<Check> => {
        const within = isNamespaced ? namespace : undefined;
        const place = within === undefined ? ' in all namespaces' : ` in namespace ${within}`;
        const name = `permission to ${verb} ${resource}${group === '' ? '' : `.${group}`}${isNamespaced ? place : ''}`;
        const answer = await sendOnce(client, '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectAccessReview',
          spec: { resourceAttributes: { verb, group, resource, ...(within !== undefined && { namespace: within }) } },
        });
        if (answer.kind !== 'ok') return { name, result: 'problem', message: describeFailure(answer) };
        if (objectIn(answer.body, 'status')['allowed'] === true)
          return { name, result: 'ok', message: `granted, used by ${use}` };
        const message = `not granted to you, used by ${use}`;
        return { name, result: use === INSTALLATION ? 'problem' : 'note', message };
      }),
  );
}
