import { isAtLeast } from './cluster.ts';
import { mayRunOn, ownerKindsOf } from './facts.ts';
import { matchesGlob } from './glob.ts';
import type { Container, Pod } from './pod.ts';
import type { Profile } from './profile.ts';
import type { Reason } from './reasons.ts';
import { lookUp, type Layers } from './settings.ts';
import { libcOf } from './variants.ts';

type Rule = (layers: Layers, profile: Profile, container: Container) => Reason | undefined;

/** Why an agent of this profile cannot, or may not, run in a container at all: the first rule with a reason wins. */
const rules: readonly Rule[] = [
  ({ namespace }, { name, namespaces }) =>
    !namespaces || namespaces.some((pattern) => matchesGlob(pattern, namespace.name))
      ? undefined
      : { code: 'profile-not-allowed', profile: name, namespace: namespace.name },
  (layers, { name, constraints }) => {
    const kind = ownerKindsOf(layers).find((one) => constraints.excludeOwners.includes(one));
    return kind === undefined ? undefined : { code: 'owner-excluded', kind, by: `profile ${name}` };
  },
  ({ pod }, { name, constraints }) => {
    const named = osOf(pod);
    if (named !== undefined) {
      return constraints.os.includes(named) ? undefined : { code: 'os-unsupported', os: named, profile: name };
    }
    return constraints.os.some((os) => mayRunOn(pod, 'kubernetes.io/os', os))
      ? undefined
      : { code: 'os-unsupported', os: 'the node affinity of the pod', profile: name };
  },
  ({ pod }, { name, constraints: { arch } }) =>
    !arch || arch.some((one) => mayRunOn(pod, 'kubernetes.io/arch', one))
      ? undefined
      : { code: 'arch-unsupported', profile: name, supported: arch },
  (layers, { name, constraints }, container) => {
    const libc = libcOf(layers, container);
    if (libc === undefined || !constraints.libc || constraints.libc.includes(libc)) return undefined;
    const said = lookUp(layers, 'libc', container.name)?.source;
    return { code: 'libc-unsupported', libc, profile: name, source: said };
  },
  ({ cluster }, { name, constraints: { kubernetes: least } }) => {
    const found = cluster.kubernetes;
    return !least || !found || isAtLeast(found, least)
      ? undefined
      : { code: 'kubernetes-unsupported', profile: name, least, found };
  },
];

export function misfit(layers: Layers, profile: Profile, container: Container): Reason | undefined {
  for (const rule of rules) {
    const reason = rule(layers, profile, container);
    if (reason) return reason;
  }
  return undefined;
}

/** The operating system that the pod names: `spec.os`, or the label that selects the node. */
function osOf(pod: Pod): string | undefined {
  const named = pod.spec.os?.['name'] ?? pod.spec.nodeSelector?.['kubernetes.io/os'];
  return typeof named === 'string' ? named : undefined;
}
