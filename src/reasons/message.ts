import { dispatch } from '../lib/dispatch.ts';
import { versionText } from '../kubernetes/version.ts';
import { didYouMean } from '../lib/suggest.ts';
import { oneLine, quote } from '../lib/text.ts';
import type { ClaimProblem, UnmetRequirement, SkippedDelivery, Reason, ReasonCode, Source } from './reason.ts';

type Sentences = { readonly [code in ReasonCode]: (reason: Extract<Reason, { code: code }>) => string };

/** One sentence per reason, from its facts: what was wrong, and where. Values from the pod are quoted and shortened. */
const sentences: Sentences = {
  'not-a-pod': ({ resource }) => `${quote(resource)} is not a Pod`,
  'not-a-creation': ({ operation }) => `${quote(operation)} is not a creation`,
  'mirror-pod': () => 'the pod mirrors a static pod',
  'namespace-not-enabled': ({ namespace, label, meant: intended }) =>
    `namespace ${oneLine(namespace, 63)} has ${label === undefined ? 'no label agent-injector.io/injection' : `agent-injector.io/injection=${quote(label)}`}${meant(intended)}`,
  'opted-out': ({ by }) => `opted out by ${by}`,
  'already-instrumented': ({ profile }) => `the agent of ${profile} is there already`,
  'malformed-pod': ({ path, expected }) => `${oneLine(path, 80)} must be ${expected}`,
  'no-profile': () => 'no profile is chosen',
  'unknown-profile': ({ name, source, nearest }) =>
    `no profile ${quote(name)}${meant(nearest)} (${sourceText(source)})`,
  'unknown-delivery': ({ name, source, known }) =>
    `no delivery ${quote(name)}, there are ${known.join(', ')} (${sourceText(source)})`,
  'invalid-value': ({ setting, value, source, expected }) =>
    `${'key' in source ? oneLine(source.key, 130) : setting} ${quote(value)} must be ${expected} (${place(source)})`,
  'missing-parameter': ({ parameter, profile }) =>
    `profile ${profile} needs agent-injector.io/${parameter}, which is not set`,
  'owner-excluded': ({ kind, by }) => `pods of a ${oneLine(kind, 63)} are excluded by ${by}`,
  'profile-not-allowed': ({ profile, namespace }) =>
    `profile ${profile} is not for namespace ${oneLine(namespace, 63)}`,
  'no-target-container': ({ profile }) =>
    profile === undefined ? 'no container is to get the agent' : `no container is to get the agent of ${profile}`,
  'os-unsupported': ({ os, profile }) => `profile ${profile} does not run on ${quote(os)}`,
  'arch-unsupported': ({ profile, supported }) =>
    `profile ${profile} runs on ${supported.join(', ')}, where the pod cannot be`,
  'libc-unsupported': ({ profile, libc, source }) =>
    `profile ${profile} does not run on ${libc} (${source ? sourceText(source) : "the image's name"})`,
  'kubernetes-unsupported': ({ profile, least, found }) =>
    `profile ${profile} needs Kubernetes ${versionText(least)}, this is ${versionText(found)}`,
  'delivery-not-possible': ({ delivery, source, requirement }) =>
    `delivery ${delivery} cannot be used: ${unmetRequirementText(requirement)} (${sourceText(source)})`,
  'no-fitting-delivery': ({ profile, skipped }) =>
    `no delivery of ${profile} can be used: ${skipped.map(skippedDeliveryText).join(', ')}`,
  'claim-unusable': ({ claim, trouble }) => `claim ${oneLine(claim, 63)} ${claimText(trouble)}`,
  'foreign-agent': ({ vendor, at, slot }) => `${vendor} is there already (${oneLine(at, 63)}) and holds ${slot}`,
  'slot-taken': ({ slot, profile, by }) => `profile ${profile} needs ${slot}, which ${by} has in this container`,
  'profile-conflict': ({ message }) => oneLine(message, 160),
  'unproven-variable': ({ variable, profile, why }) =>
    why === 'order'
      ? `profile ${profile} refers to ${variable}, which would have to stand elsewhere among the container's variables`
      : `profile ${profile} adds to ${variable}, which may come from a ConfigMap or a Secret that cannot be seen`,
  'foreign-profiler': ({ vendor, slot, variable }) => `${vendor ?? 'an unknown profiler'} holds ${slot} (${variable})`,
  'profiling-disabled': ({ variable, value }) => `the pod sets ${variable}=${quote(value)}`,
  'conflicting-variable': ({ variable, profile }) => `${variable} holds another value than profile ${profile} needs`,
  'mount-path-taken': ({ path, volume }) => `volume ${quote(volume)} is mounted at ${quote(path)}`,
  'namespace-unknown': ({ namespace }) => `namespace ${oneLine(namespace, 63)} is not known`,
  'namespace-unavailable': ({ namespace, why }) => `namespace ${oneLine(namespace, 63)} could not be read: ${why}`,
  'patch-too-large': ({ size }) => `the patch would have ${size} characters`,
  'rule-broken': ({ rule }) => `the patch would have broken a rule: ${rule}`,
  'internal-error': () => 'agent-injector failed; its log has the details',
  overloaded: () => 'too many pods at once; create this one again',
  'unknown-annotation': ({ on, key, nearest }) => `${on} annotation ${quote(key)} means nothing${meant(nearest)}`,
  'container-not-found': ({ pattern, source, nearest }) =>
    `no container ${quote(pattern)}${meant(nearest)} (${sourceText(source)})`,
  'parameter-locked': ({ parameter, source }) => `${parameter} cannot be set by ${sourceText(source)}; passed over`,
  advisory: ({ container, message }) => `container ${oneLine(container, 63)}: ${oneLine(message, 200)}`,
  'foreign-agent-present': ({ vendor, at, container }) =>
    `container ${oneLine(container, 63)} has ${vendor}, too (${oneLine(at, 63)})`,
  'misplaced-key': ({ as, key, kind, name }) =>
    `${as} ${oneLine(key, 130)} is on ${oneLine(kind, 63)} ${oneLine(name, 253)}, not on its pod template, so it means nothing`,
  'unknown-label': ({ label, value, expected }) =>
    `pod label ${quote(label)}=${quote(value)} means nothing; ${expected}`,
};

/** The reason in one English sentence, without a capital and a full stop, so that it can follow a colon. */
export function reasonMessage(reason: Reason): string {
  return dispatch(sentences, 'code', reason);
}

/** Where the reason is explained: a page with an anchor for each code, which never changes. */
export function docsAddress(code: ReasonCode): string {
  return `docs/reasons.md#${code}`;
}

type RequirementTexts = {
  readonly [why in UnmetRequirement['why']]: (requirement: Extract<UnmetRequirement, { why: why }>) => string;
};

const requirementTexts: RequirementTexts = {
  kubernetes: ({ least, found }) =>
    `it needs Kubernetes ${versionText(least)}, ${found ? `this is ${versionText(found)}` : 'the version is not known'}`,
  'pod-security': ({ level }) => `Pod Security ${level} forbids it`,
  os: ({ os }) => `it is for ${os.join(', ')}`,
  parameter: ({ parameter }) => `agent-injector.io/${parameter} is not set`,
  'named-only': () => 'nobody says that the agent is in the image',
  image: ({ image }) => `${quote(image)} is no name of an image`,
  claim: ({ claim, trouble }) => `claim ${oneLine(claim, 63)} ${claimText(trouble)}`,
  quota: ({ quota, resource }) => `quota ${oneLine(quota, 63)} has too little left of ${resource}`,
  'claim-size': ({ limitRange, size }) => `LimitRange ${oneLine(limitRange, 63)} allows no claim of ${size}`,
  'ephemeral-storage': ({ limit }) =>
    `the containers' limits of ephemeral-storage are below the ${limit} that it may take`,
};

/** Why a delivery cannot be used, as what follows a colon. */
export function unmetRequirementText(requirement: UnmetRequirement): string {
  return dispatch(requirementTexts, 'why', requirement);
}

function claimText(trouble: ClaimProblem): string {
  switch (trouble.kind) {
    case 'absent':
      return 'does not exist in the namespace';
    case 'deleting':
      return 'is being deleted';
    case 'lost':
      return 'has lost its volume';
    case 'block':
      return 'is a block device, without files';
    case 'in-use':
      return `can be used by one pod at a time, and is in use on ${oneLine(trouble.node, 63)}`;
    case 'elsewhere':
      return `can be mounted on one node at a time, and is on ${oneLine(trouble.node, 63)}`;
  }
}

/** A delivery that was passed over, with the reason. */
export function skippedDeliveryText({ delivery, requirement }: SkippedDelivery): string {
  return `${delivery} (${unmetRequirementText(requirement)})`;
}

/** A source as the user finds it: where to look for the value that is spoken of. */
export function sourceText(source: Source): string {
  return 'key' in source ? `${place(source)} ${oneLine(source.key, 130)}` : place(source);
}

function place({ from }: Source): string {
  switch (from) {
    case 'container':
    case 'pod':
      return 'pod annotation';
    case 'namespace':
      return 'namespace annotation';
    case 'cluster':
      return 'cluster default';
    case 'profile':
      return 'profile default';
  }
}

function meant(known: string | undefined): string {
  return didYouMean(known && oneLine(known, 63));
}
