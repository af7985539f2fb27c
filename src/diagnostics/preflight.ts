import { isOptedIn } from '../admission/opt-in.ts';
import { POD_SECURITY_ENFORCE_LABEL } from '../kubernetes/labels.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import { isAtLeast, type KubernetesVersion, versionText } from '../kubernetes/version.ts';
import { deliveryNeeds } from '../profiles/delivery.ts';
import type { OtherInjector } from './other-webhooks.ts';

/** The result of one preflight check. A `note` is information: nothing needs to be fixed. */
export interface Check {
  readonly name: string;
  readonly result: 'ok' | 'note' | 'problem';
  readonly message: string;
}

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

export function checkDeliveries(version: KubernetesVersion | undefined): readonly Check[] {
  return Object.entries(deliveryNeeds).map(([type, { kubernetes: minVersion, baseline }]): Check => {
    const name = `delivery ${type}`;
    if (minVersion && !(version && isAtLeast(version, minVersion)))
      return { name, result: 'note', message: `not available: it requires Kubernetes ${versionText(minVersion)}` };
    // Nodes are not watched.
    if (type === 'image')
      return { name, result: 'note', message: 'available, if each node can mount images: see exclude-deliveries' };
    const exception = baseline ? '' : ', except where Pod Security enforces baseline or restricted';
    return { name, result: 'ok', message: `available${exception}` };
  });
}

export function checkOtherInjectors(found: readonly OtherInjector[]): readonly Check[] {
  const name = 'other injectors';
  if (found.length === 0) return [{ name, result: 'ok', message: 'no other webhook modifies pods on creation' }];
  return found.map(({ configuration, product, collides }) => ({
    name,
    result: collides ? 'problem' : 'note',
    message: collides
      ? `${configuration} (${product}) also injects agents: a process can have only one, so opt pods out of one of the two injectors`
      : `${configuration} (${product}) also modifies pods; the two do not conflict`,
  }));
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
