import { isOptedIn } from '../../admission/opt-in.ts';
import { REVISION_LABEL } from '../../api/keys.ts';
import { POD_SECURITY_ENFORCE_LABEL } from '../../kubernetes/labels.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import { imageVolumeProblem, type NodeKind } from '../../kubernetes/nodes/facts.ts';
import { listed } from '../../lib/text.ts';
import { isAtLeast, type KubernetesVersion, versionText } from '../../kubernetes/version.ts';
import { deliveryNeeds } from '../../profiles/delivery.ts';
import type { Check } from './check.ts';
import type { OtherInjector } from '../other-webhooks.ts';
import type { Overlap } from '../overlapping-releases.ts';

/** The oldest version that the manifests in deploy/ support. */
const MIN_VERSION: KubernetesVersion = { major: 1, minor: 30 };

export function checkVersion(version: KubernetesVersion | undefined): Check {
  const name = 'version';
  if (!version) return { name, result: 'problem', message: 'the version of the API server could not be read' };
  const text = `Kubernetes ${versionText(version)}`;
  return isAtLeast(version, MIN_VERSION)
    ? { name, result: 'ok', message: text }
    : {
        name,
        result: 'problem',
        message: `${text} is not supported: ${versionText(MIN_VERSION)} or later is required`,
      };
}

export interface NamedNode extends NodeKind {
  readonly name: string;
}

/** `nodes`: undefined if they cannot be read. */
export function checkDeliveries(
  version: KubernetesVersion | undefined,
  nodes: readonly NamedNode[] | undefined,
): readonly Check[] {
  return Object.entries(deliveryNeeds).map(([kind, { kubernetes: minVersion, baseline }]): Check => {
    const name = `delivery ${kind}`;
    if (minVersion && !(version && isAtLeast(version, minVersion)))
      return { name, result: 'note', message: `not available: it requires Kubernetes ${versionText(minVersion)}` };
    if (kind === 'image') return { name, ...imageVolumes(nodes) };
    const exception = baseline ? '' : ', except where Pod Security enforces baseline or restricted';
    return { name, result: 'ok', message: `available${exception}` };
  });
}

/** The first nodes that cannot are enough to find the others by. */
const MAX_NODES = 5;

function imageVolumes(nodes: readonly NamedNode[] | undefined): Omit<Check, 'name'> {
  if (!nodes) {
    const message =
      'available, if each node can mount images: you are not allowed to list nodes, so this is not known (setting image-volumes)';
    return { result: 'note', message };
  }
  const linux = nodes.filter(({ os }) => os !== 'windows');
  if (linux.length === 0)
    return { result: 'note', message: 'used only if image-volumes is on or a setting names it: there are no nodes' };
  const unable = linux.flatMap((node) => {
    const problem = imageVolumeProblem(node);
    return problem === undefined ? [] : [`${node.name} (${problem})`];
  });
  if (unable.length === 0) return { result: 'ok', message: 'available: every node can mount images' };
  const message = `used only if image-volumes is on or a setting names it: ${unable.length} of ${linux.length} nodes cannot mount images: ${listed(unable, MAX_NODES)}`;
  return { result: 'note', message };
}

/** `own`: the webhook configuration of agent-injector; undefined if it is not installed. */
export function checkOtherInjectors(found: readonly OtherInjector[], own?: string): readonly Check[] {
  const name = 'other injectors';
  if (found.length === 0) return [{ name, result: 'ok', message: 'no other webhook modifies pods on creation' }];
  return found.map(({ configuration, product, collides }) => ({
    name,
    result: collides ? 'problem' : 'note',
    message: collides
      ? `${configuration} (${product}) also injects agents: a process can have only one, so opt pods out of one of the two injectors${orderText(configuration, own)}`
      : `${configuration} (${product}) also modifies pods; the two do not conflict`,
  }));
}

/** The API server calls webhooks in the order of the names of their configurations. */
function orderText(configuration: string, own: string | undefined): string {
  if (own === undefined) return '';
  return configuration < own
    ? `. It is called before ${own}, which leaves its containers alone`
    : `. It is called after ${own}, and may add its agent to a process that has one: webhook.order: last helps`;
}

export function checkReleases(overlaps: readonly Overlap[], unserved: readonly Namespace[]): readonly Check[] {
  const name = 'releases';
  const problems = [
    ...overlaps.map(
      ({ configurations, namespaces }) =>
        `${configurations.join(' and ')} serve the same namespaces (${namespaces}): uninstall one of them, or give it a revision`,
    ),
    ...unserved.map(
      (one) =>
        `no release serves namespace ${one.name}, whose label is ${REVISION_LABEL}=${one.labels[REVISION_LABEL]}`,
    ),
  ];
  if (problems.length > 0) return problems.map((message) => ({ name, result: 'problem', message }));
  return [{ name, result: 'ok', message: 'no namespace is served by two releases of agent-injector' }];
}

/** Checks the namespaces that releases run in, whose own pods comply with `restricted`. */
export function checkReleaseNamespaces(namespaces: readonly Namespace[]): readonly Check[] {
  return namespaces.map(({ name, labels }): Check => {
    const level = labels[POD_SECURITY_ENFORCE_LABEL];
    if (level === 'restricted')
      return { name: 'pod security', result: 'ok', message: `namespace ${name} of agent-injector enforces restricted` };
    const found = level === undefined ? `has no label ${POD_SECURITY_ENFORCE_LABEL}` : `enforces ${level}`;
    const message = `namespace ${name} of agent-injector ${found}: unless it uses hostNetwork, kubectl label --overwrite namespace ${name} ${POD_SECURITY_ENFORCE_LABEL}=restricted`;
    return { name: 'pod security', result: 'note', message };
  });
}

/** Where the API servers are reached, from the Service `kubernetes` and its endpoints: what a policy for the server's egress must admit. */
export function checkApiServer(addresses: readonly string[], ports: readonly number[]): readonly Check[] {
  if (addresses.length === 0) return [];
  const cidrs = addresses.map((address) => `${address}/${address.includes(':') ? 128 : 32}`);
  const message = `${ports.length === 1 ? 'port' : 'ports'} ${ports.join(', ')} of ${cidrs.join(', ')}: egress can be limited to them with networkPolicy.apiServerPorts and networkPolicy.apiServerCidrs`;
  return [{ name: 'API server', result: 'note', message }];
}

export function checkPodSecurity(namespaces: Iterable<Namespace>): readonly Check[] {
  const privileged = Object.entries(deliveryNeeds).flatMap(([type, { baseline }]) => (baseline ? [] : [type]));
  return [...namespaces].filter(isOptedIn).flatMap(({ name, labels }): readonly Check[] => {
    const level = labels[POD_SECURITY_ENFORCE_LABEL];
    if (level !== 'baseline' && level !== 'restricted') return [];
    const message = `namespace ${name} enforces ${level}: it does not allow delivery ${privileged.join(', ')}`;
    return [{ name: 'pod security', result: 'note', message }];
  });
}
