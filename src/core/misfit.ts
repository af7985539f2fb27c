import { isAtLeast } from './cluster.ts';
import { mayRunOn, ownerKindsOf, osOf } from './facts.ts';
import { matchesGlob } from './glob.ts';
import type { Container } from './pod.ts';
import type { Profile } from './profile.ts';
import type { Reason } from './reasons.ts';
import { readPosition } from './position.ts';
import { lookUp, type Layers, type Setting } from './settings.ts';
import { isLibc, libcOf } from './variants.ts';

type Rule = (layers: Layers, profile: Profile, container: Container) => Reason | undefined;

/** Why an agent of this profile cannot, or may not, run in a container at all: the first rule with a reason wins. */
const rules: readonly Rule[] = [
  (layers, _, { name }) => invalidSetting(layers, name),
  ({ namespace }, { name, namespaces }) =>
    !namespaces || namespaces.some((pattern) => matchesGlob(pattern, namespace.name))
      ? undefined
      : { code: 'profile-not-allowed', profile: name, namespace: namespace.name },
  (layers, { name, constraints }) => {
    const kind = ownerKindsOf(layers).find((one) => constraints.excludeOwners.includes(one));
    return kind === undefined ? undefined : { code: 'owner-excluded', kind, by: `profile ${name}` };
  },
  ({ pod }, { name, constraints }) => {
    const os = osOf(pod) ?? 'the nodes of the pod';
    return constraints.os.includes(os) ? undefined : { code: 'os-unsupported', os, profile: name };
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

/** A setting of ours that nobody can follow. To pass it over in silence would do what was not meant. */
function invalidSetting(layers: Layers, container: string): Reason | undefined {
  const libc = lookUp(layers, 'libc', container);
  if (libc && !isLibc(libc.text)) return invalid('libc', libc, '"glibc" or "musl"');
  const position = lookUp(layers, 'init-position');
  return position && !readPosition(position.text)
    ? invalid('init-position', position, '"first", "last" or "before NAME"')
    : undefined;
}

function invalid(setting: string, { text, source }: Setting, expected: string): Reason {
  return { code: 'invalid-value', setting, value: text, source, expected };
}

export function misfit(layers: Layers, profile: Profile, container: Container): Reason | undefined {
  for (const rule of rules) {
    const reason = rule(layers, profile, container);
    if (reason) return reason;
  }
  return undefined;
}
