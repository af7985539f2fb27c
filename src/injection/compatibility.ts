import { ownerKindsOf } from '../kubernetes/owner.ts';
import { imageFactsOf } from '../kubernetes/images/facts.ts';
import type { Container } from '../kubernetes/pod.ts';
import { osOf } from '../kubernetes/scheduling.ts';
import { isAtLeast } from '../kubernetes/version.ts';
import { matchesGlob } from '../lib/glob.ts';
import { profileForbiddenBy } from '../profiles/catalogue.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Reason, Setting } from '../reasons/reason.ts';
import { openBreaker } from '../settings/open-breaker.ts';
import { outsideCanary } from '../settings/canary.ts';
import { isRequired } from '../settings/required.ts';
import { invalidSetting, type SettingSources, resolveSetting } from '../settings/resolve.ts';
import { settingValues } from '../settings/setting-values.ts';
import { suspensionOfProfile } from '../settings/suspension.ts';
import { firstReason, type Rule } from './rule.ts';
import type { InjectionContext } from './context.ts';
import { tracer } from './trace.ts';
import { runsOn } from './image/arch.ts';
import { libcOf } from './libc.ts';

interface Candidate {
  readonly sources: SettingSources;
  readonly profile: Profile;
  readonly container: Container;
}

const rules: readonly Rule<Candidate>[] = [
  {
    name: 'allowed',
    holds: 'the cluster allows the profile',
    evaluate: ({ sources: { catalogue, namespace }, profile: { name } }) => {
      const by = profileForbiddenBy(catalogue, name);
      return by && { code: 'profile-not-allowed', profile: name, namespace: namespace.name, by };
    },
  },
  {
    name: 'suspended',
    holds: 'the profile is not suspended',
    evaluate: ({ sources, profile: { name } }) => suspensionOfProfile(sources, name),
  },
  {
    name: 'breaker',
    holds: 'no circuit breaker is open for the profile and the workload',
    evaluate: ({ sources, profile }) => openBreaker(sources, profile),
  },
  {
    name: 'canary',
    holds: 'the workload is in the canary of the profile, or all workloads get it',
    evaluate: ({ sources, profile }) => outsideCanary(sources, profile),
  },
  {
    name: 'settings',
    holds: 'every setting has a valid value',
    evaluate: ({ sources, container }) => unreadableSetting(sources, container.name),
  },
  {
    name: 'namespaces',
    holds: 'the profile may be used in the namespace',
    evaluate: ({ sources: { namespace }, profile: { name, namespaces } }) =>
      !namespaces || namespaces.some((pattern) => matchesGlob(pattern, namespace.name))
        ? undefined
        : { code: 'profile-not-allowed', profile: name, namespace: namespace.name, by: 'namespaces' },
  },
  {
    name: 'owner',
    holds: "the profile does not exclude the kind of the pod's owner, or an agent is required",
    evaluate: ({ sources, profile: { name, constraints } }) => {
      const { pod, cluster } = sources;
      if (isRequired(sources)) return undefined;
      const kind = ownerKindsOf(pod, cluster).find((owner) => constraints.excludeOwners.includes(owner));
      return kind === undefined ? undefined : { code: 'owner-excluded', kind, by: `profile ${name}` };
    },
  },
  {
    name: 'os',
    holds: 'the agent runs on the operating system of the pod',
    evaluate: ({ sources: { pod }, profile: { name, constraints }, container }) => {
      const os = osOf(pod, container) ?? 'the nodes of the pod';
      return constraints.os.includes(os) ? undefined : { code: 'os-unsupported', os, profile: name };
    },
  },
  {
    name: 'arch',
    holds: 'the agent runs on a CPU architecture that the pod can be scheduled on',
    evaluate: ({ sources, profile: { name, constraints }, container }) => {
      const { arch } = constraints;
      return !arch || arch.some((one) => runsOn(sources, container, one))
        ? undefined
        : { code: 'arch-unsupported', profile: name, supported: arch };
    },
  },
  {
    name: 'libc',
    holds: "the agent runs with the C library of the container's image",
    evaluate: ({ sources, profile: { name, constraints }, container }) => {
      const libc = libcOf(sources, container);
      if (libc === undefined || !constraints.libc || constraints.libc.includes(libc)) return undefined;
      const source = resolveSetting(sources, 'libc', container.name)?.source;
      const shownBy = source ? undefined : imageFactsOf(sources.cluster, container)?.libc?.by;
      return { code: 'libc-unsupported', libc, profile: name, source, ...(shownBy !== undefined && { shownBy }) };
    },
  },
  {
    name: 'kubernetes',
    holds: 'the cluster has at least the Kubernetes version that the profile requires',
    evaluate: ({ sources: { cluster }, profile: { name, constraints } }) => {
      const { kubernetes: minimum } = constraints;
      const actual = cluster.kubernetes;
      return !minimum || !actual || isAtLeast(actual, minimum)
        ? undefined
        : { code: 'kubernetes-unsupported', profile: name, minimum, actual };
    },
  },
];

// A setting that cannot be followed is a reason not to inject: ignoring it would do something that was not asked for.
function unreadableSetting(sources: SettingSources, container: string): Reason | undefined {
  return (
    invalidIn('libc', resolveSetting(sources, 'libc', container)) ??
    invalidIn('init-position', resolveSetting(sources, 'init-position')) ??
    invalidIn('exclude-deliveries', resolveSetting(sources, 'exclude-deliveries')) ??
    invalidIn('image-volumes', resolveSetting(sources, 'image-volumes'))
  );
}

function invalidIn(name: keyof typeof settingValues, setting: Setting | undefined): Reason | undefined {
  const { accepts, expected } = settingValues[name];
  return !setting || accepts(setting.text) ? undefined : invalidSetting(name, setting, expected);
}

export function incompatibility(context: InjectionContext, profile: Profile, container: Container): Reason | undefined {
  const { trace } = context;
  const report = trace && tracer(trace, 'compatibility', { container: container.name, profile: profile.name });
  return firstReason(rules, { sources: context, profile, container }, report);
}
