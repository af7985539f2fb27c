import { POD_SECURITY_ENFORCE_LABEL } from '../kubernetes/labels.ts';
import { isOptedIn } from '../admission/opt-in.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import { isAtLeast, type KubernetesVersion, versionText } from '../kubernetes/version.ts';
import { deliveryNeeds } from '../profiles/delivery.ts';
import type { OtherInjector } from './other-webhooks.ts';

/** One thing that was looked at before anything is relied on. */
export interface Check {
  readonly name: string;
  /** `note`: to be known, nothing to be mended. */
  readonly result: 'ok' | 'note' | 'problem';
  readonly message: string;
}

/** What the manifests are made for. */
const MIN_VERSION: KubernetesVersion = { major: 1, minor: 30 };

export function checkVersion(version: KubernetesVersion | undefined): Check {
  const name = 'version';
  if (!version) return { name, result: 'problem', message: 'the version of the API server could not be read' };
  const text = `Kubernetes ${versionText(version)}`;
  return isAtLeast(version, MIN_VERSION)
    ? { name, result: 'ok', message: text }
    : { name, result: 'problem', message: `${text}; ${versionText(MIN_VERSION)} or later is needed` };
}

/** Which kinds of delivery this version can do. */
export function checkDeliveries(version: KubernetesVersion | undefined): readonly Check[] {
  return Object.entries(deliveryNeeds).map(([type, { kubernetes: least, baseline }]): Check => {
    const name = `delivery ${type}`;
    if (least && !(version && isAtLeast(version, least)))
      return { name, result: 'note', message: `cannot be used: it needs Kubernetes ${versionText(least)}` };
    const note = baseline ? '' : '; not where Pod Security enforces baseline or restricted';
    return { name, result: 'ok', message: `can be used${note}` };
  });
}

export function checkOtherInjectors(found: readonly OtherInjector[]): readonly Check[] {
  if (found.length === 0)
    return [{ name: 'other injectors', result: 'ok', message: 'no other webhook changes pods as they are created' }];
  return found.map(({ configuration, product, collides }) => ({
    name: 'other injectors',
    result: collides ? 'problem' : 'note',
    message: collides
      ? `${configuration} (${product}) puts an agent into pods, too: whoever is called first has the process; opt its pods out of one of the two`
      : `${configuration} (${product}) changes pods, too; both can`,
  }));
}

/** What Pod Security enforces where injection is on. */
export function checkPodSecurity(namespaces: Iterable<Namespace>): readonly Check[] {
  return [...namespaces].filter(isOptedIn).flatMap(({ name, labels }): readonly Check[] => {
    const level = labels[POD_SECURITY_ENFORCE_LABEL];
    if (level !== 'baseline' && level !== 'restricted') return [];
    const cannot = Object.entries(deliveryNeeds).flatMap(([type, { baseline }]) => (baseline ? [] : [type]));
    const message = `namespace ${name} enforces ${level}: no delivery ${cannot.join(', ')} there`;
    return [{ name: 'pod security', result: 'note', message }];
  });
}
