import { ARCH_LABEL } from '../kubernetes/labels.ts';
import { ownerKindsOf } from '../kubernetes/owner.ts';
import type { Container } from '../kubernetes/pod.ts';
import { mayRunOn, osOf } from '../kubernetes/scheduling.ts';
import { isAtLeast } from '../kubernetes/version.ts';
import { matchesGlob } from '../lib/glob.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Reason, Setting } from '../reasons/reason.ts';
import { readPosition } from '../settings/init-position.ts';
import { type SettingSources, resolveSetting } from '../settings/resolve.ts';
import type { InjectionContext } from './context.ts';
import { firstReason, type Rule, tracer } from './trace.ts';
import { isLibc, libcOf } from './variants.ts';

/** An agent and a container that it is to run in. */
interface Pairing {
  readonly context: SettingSources;
  readonly profile: Profile;
  readonly container: Container;
}

/** Why an agent of this profile cannot, or may not, run in a container at all: the first rule with a reason wins. */
const rules: readonly Rule<Pairing>[] = [
  {
    name: 'settings',
    holds: 'every setting has a value that it can have',
    evaluate: ({ context, container }) => invalidSetting(context, container.name),
  },
  {
    name: 'namespaces',
    holds: 'the profile is for the namespace',
    evaluate: ({ context: { namespace }, profile: { name, namespaces } }) =>
      !namespaces || namespaces.some((pattern) => matchesGlob(pattern, namespace.name))
        ? undefined
        : { code: 'profile-not-allowed', profile: name, namespace: namespace.name },
  },
  {
    name: 'owner',
    holds: "the profile is for the kind of the pod's owner",
    evaluate: ({ context, profile: { name, constraints } }) => {
      const kind = ownerKindsOf(context.pod, context.cluster).find((one) => constraints.excludeOwners.includes(one));
      return kind === undefined ? undefined : { code: 'owner-excluded', kind, by: `profile ${name}` };
    },
  },
  {
    name: 'os',
    holds: 'the agent runs on the operating system of the pod',
    evaluate: ({ context: { pod }, profile: { name, constraints } }) => {
      const os = osOf(pod) ?? 'the nodes of the pod';
      return constraints.os.includes(os) ? undefined : { code: 'os-unsupported', os, profile: name };
    },
  },
  {
    name: 'arch',
    holds: 'the agent runs on a processor that the pod may run on',
    evaluate: ({
      context: { pod },
      profile: {
        name,
        constraints: { arch },
      },
    }) =>
      !arch || arch.some((one) => mayRunOn(pod, ARCH_LABEL, one))
        ? undefined
        : { code: 'arch-unsupported', profile: name, supported: arch },
  },
  {
    name: 'libc',
    holds: "the agent runs with the C library of the container's image",
    evaluate: ({ context, profile: { name, constraints }, container }) => {
      const libc = libcOf(context, container);
      if (libc === undefined || !constraints.libc || constraints.libc.includes(libc)) return undefined;
      const said = resolveSetting(context, 'libc', container.name)?.source;
      return { code: 'libc-unsupported', libc, profile: name, source: said };
    },
  },
  {
    name: 'kubernetes',
    holds: 'the cluster is new enough for the profile',
    evaluate: ({
      context: { cluster },
      profile: {
        name,
        constraints: { kubernetes: least },
      },
    }) => {
      const found = cluster.kubernetes;
      return !least || !found || isAtLeast(found, least)
        ? undefined
        : { code: 'kubernetes-unsupported', profile: name, least, found };
    },
  },
];

/** A setting of ours that nobody can follow. To pass it over in silence would do what was not meant. */
function invalidSetting(context: SettingSources, container: string): Reason | undefined {
  const libc = resolveSetting(context, 'libc', container);
  if (libc && !isLibc(libc.text)) return invalid('libc', libc, '"glibc" or "musl"');
  const position = resolveSetting(context, 'init-position');
  return position && !readPosition(position.text)
    ? invalid('init-position', position, '"first", "last" or "before NAME"')
    : undefined;
}

function invalid(setting: string, { text, source }: Setting, expected: string): Reason {
  return { code: 'invalid-value', setting, value: text, source, expected };
}

export function incompatibility(context: InjectionContext, profile: Profile, container: Container): Reason | undefined {
  const { trace } = context;
  const tell = trace && tracer(trace, 'fit', { container: container.name, profile: profile.name });
  return firstReason(rules, { context, profile, container }, tell);
}
