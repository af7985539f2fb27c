import { POD_SECURITY_ENFORCE_LABEL } from '../kubernetes/labels.ts';
import { INJECTION_LABEL, type Level, PREFIX, REVISION_LABEL } from '../api/keys.ts';
import { BAKED, PREINSTALLED } from '../api/delivery-kinds.ts';
import { CLUSTER_TARGET_KIND, TARGET_KIND } from '../api/target/kinds.ts';
import { dispatch } from '../lib/dispatch.ts';
import { versionText } from '../kubernetes/version.ts';
import { didYouMean } from '../lib/suggest.ts';
import { oneLine, quote } from '../lib/text.ts';
import { keptText, shownLibcText, unknownImageText } from './image-message.ts';
import { languageMessages } from './language-reasons.ts';
import type { Unmatched } from './unmatched.ts';
import type { ClaimProblem } from './claim-problem.ts';
import type { UnmetRequirement, SkippedDelivery, Reason, ReasonCode, Source } from './reason.ts';

type Messages = { readonly [code in ReasonCode]: (reason: Extract<Reason, { code: code }>) => string };

// Values from the pod are quoted and shortened. What a profile says is its author's own text, which names what to type.
const MAX_ADVICE_LENGTH = 400;

const messages: Messages = {
  ...languageMessages(sourceText),
  'not-a-pod': ({ resource }) => `${quote(resource)} is not a Pod`,
  'not-a-creation': ({ operation }) => `the operation is ${quote(operation)}, not CREATE`,
  'mirror-pod': () => 'the pod is the mirror pod of a static pod',
  'namespace-not-enabled': ({ namespace, label, suggestion }) =>
    `namespace ${oneLine(namespace, 63)} has ${label === undefined ? `no label ${INJECTION_LABEL}` : `label ${INJECTION_LABEL}=${quote(label)}`}${suggested(suggestion)}`,
  'other-revision': ({ namespace, label, revision }) =>
    `namespace ${oneLine(namespace, 63)} ${revisionText('has', label)}; this release serves namespaces ${revisionText('with', revision)}`,
  'opted-out': ({ by }) => `opted out by ${by}`,
  suspended: ({ by, why, strict }) =>
    `injection is suspended${why === '' ? '' : `: ${oneLine(why, 160)}`} (${oneLine(by, 200)}${strict ? '; strictRequired' : ''})`,
  'breaker-open': ({ profile, workload, why, strict }) =>
    `the circuit breaker of ${workload === '' ? '' : `${oneLine(workload, 120)} for `}profile ${profile} is open: ${oneLine(why, 300)}${strict ? ' (strictRequired)' : ''}`,
  'outside-canary': ({ profile, percent, from, source }) =>
    `outside the canary of profile ${profile}: ${percent}% of the workloads get it, and this one from ${from}% on (${sourceText(source)})`,
  'dry-run': ({ injection }) => `dry run: would inject ${oneLine(injection, 200)}`,
  'already-instrumented': ({ profile }) => `the container already has the agent of profile ${profile}`,
  'variables-already-set': ({ profile }) =>
    `the container already has the variables of profile ${profile}, but no mount of its files`,
  'malformed-pod': ({ path, expected }) => `${oneLine(path, 80)} must be ${expected}`,
  'no-profile': () => 'no profile is selected',
  'unknown-profile': ({ name, source, suggestion }) =>
    `profile ${quote(name)} not found${suggested(suggestion)} (${sourceText(source)})`,
  'unknown-delivery': ({ name, source, known }) => {
    const now = name === BAKED && known.includes(PREINSTALLED) ? `, which is called ${PREINSTALLED} now` : '';
    return `the profile has no delivery ${quote(name)}${now}; available: ${known.join(', ')} (${sourceText(source)})`;
  },
  'invalid-value': ({ setting, value, source, expected }) =>
    isTarget(source)
      ? `${setting} is ${quote(value)}, must be ${expected} (${sourceText(source)})`
      : `${'key' in source ? oneLine(source.key, 130) : setting} is ${quote(value)}, must be ${expected} (${sourceKinds[source.from]})`,
  'value-too-long': ({ key }) => `annotation ${oneLine(key, 130)} of the namespace is too long to be read`,
  'missing-parameter': ({ parameter, profile }) =>
    `profile ${profile} requires ${PREFIX}/${parameter}, which is not set`,
  'owner-excluded': ({ kind, by }) => `pods of a ${oneLine(kind, 63)} are excluded by ${by}`,
  'profile-not-allowed': ({ profile, namespace, by }) =>
    by === 'namespaces'
      ? `profile ${profile} is not allowed in namespace ${oneLine(namespace, 63)}`
      : `profile ${profile} is not allowed in this cluster (${by})`,
  'no-target-container': ({ profile, unmatched }) =>
    `no container is selected for ${profile === undefined ? 'injection' : `profile ${profile}`}${unmatched ? `: ${unmatchedText(unmatched)}` : ''}`,
  'os-unsupported': ({ os, profile }) => `profile ${profile} does not support OS ${quote(os)}`,
  'arch-unsupported': ({ profile, supported }) =>
    `profile ${profile} supports only ${supported.join(' and ')}, and no such node matches the pod's node selector or affinity`,
  'libc-unsupported': ({ profile, libc, source, shownBy }) =>
    `profile ${profile} does not support ${libc} (${source ? sourceText(source) : shownLibcText(shownBy)})`,
  'kubernetes-unsupported': ({ profile, minimum, actual }) =>
    `profile ${profile} requires Kubernetes ${versionText(minimum)} or later, the cluster has ${versionText(actual)}`,
  'delivery-not-possible': ({ delivery, source, requirement }) =>
    `delivery ${delivery} cannot be used: ${unmetRequirementText(requirement)} (${sourceText(source)})`,
  'no-fitting-delivery': ({ profile, skipped }) =>
    `no delivery of profile ${profile} can be used: ${skipped.map(skippedDeliveryText).join(', ')}`,
  'claim-unusable': ({ claim, problem }) => `claim ${oneLine(claim, 63)} ${claimText(problem)}`,
  'foreign-agent': ({ vendor, at, slot }) =>
    `${vendor} is already in the container (${oneLine(at, 63)}) and uses slot ${slot}`,
  'slot-shared': ({ profile, vendor, at, slot }) =>
    `the container has the agent of profile ${profile} and ${vendor} (${oneLine(at, 63)}), and slot ${slot} holds one only`,
  'foreign-agent-requested': ({ vendor, source, slot }) =>
    `${sourceText(source)} asks ${vendor} for an agent in slot ${slot}`,
  'slot-taken': ({ slot, profile, by }) => `profile ${profile} needs slot ${slot}, which ${by} uses in this container`,
  'profile-conflict': ({ message }) => oneLine(message, MAX_ADVICE_LENGTH),
  'unproven-variable': ({ variable, profile, why }) =>
    ({
      order: `profile ${profile} refers to ${variable}, which would have to be moved before the variable that refers to it`,
      optional: `${variable} is an optional reference, which may be left out, and profile ${profile} needs its value`,
      unseen: `${variable} may be set by a ConfigMap or Secret in envFrom that cannot be read, and profile ${profile} extends it`,
    })[why],
  'foreign-profiler': ({ vendor, slot, variable }) =>
    `${vendor ?? 'an unknown profiler'} uses slot ${slot} (${variable})`,
  'profiling-disabled': ({ variable, value }) => `the pod turns profiling off with ${variable}=${quote(value)}`,
  'conflicting-variable': ({ variable, profile }) =>
    `${variable} has a value other than the one that profile ${profile} requires`,
  'image-conflict': ({ profile, conflict }) =>
    `what the image sets is in the way of profile ${profile}: ${reasonMessage(conflict)}`,
  'mount-path-taken': ({ path, volume }) => `volume ${quote(volume)} is already mounted at ${quote(path)}`,
  'namespace-unknown': ({ namespace }) => `namespace ${oneLine(namespace, 63)} not found`,
  'namespace-unavailable': ({ namespace, why }) => `namespace ${oneLine(namespace, 63)} could not be read: ${why}`,
  'patch-too-large': ({ size }) => `the patch would be ${size} characters long`,
  'annotations-full': () => 'the annotations of the pod leave no room for those of the agent',
  'rule-broken': ({ rule }) => `the patch would break a rule: ${rule}`,
  'internal-error': () => 'agent-injector failed; see its log',
  overloaded: () => 'too many admission requests at once; create the pod again',
  'unknown-annotation': ({ on, key, suggestion }) =>
    `${on} annotation ${quote(key)} has no effect${suggested(suggestion)}`,
  'container-not-found': unmatchedText,
  'parameter-locked': ({ parameter, source, settableBy, narrowedBy }) =>
    `${parameter} is ignored: ${settableByText(settableBy)} (${sourceText(source)}${narrowedBy.map((name) => `; settableBy.${name}`).join('')})`,
  'fact-ignored': ({ parameter, value, source, expected }) =>
    `${sourceText(source)} is not used for ${parameter}: ${quote(value)} must be ${expected}`,
  'parameter-unused': ({ parameter, profile, delivery, source }) =>
    `${parameter} has no effect: profile ${profile} does not use it with delivery ${delivery} (${sourceText(source)})`,
  'setting-locked': ({ setting, source, settableBy }) =>
    `${oneLine(setting, 70)} is ignored: ${settableByText(settableBy)} (${sourceText(source)})`,
  'required-opt-out': ({ by }) => `the agent is required, but opted out by ${by}`,
  'owner-not-excluded': ({ kind, by }) =>
    `an agent is required, so ${by} does not exclude pods of a ${oneLine(kind, 63)}`,
  advisory: ({ container, message }) => `container ${oneLine(container, 63)}: ${oneLine(message, MAX_ADVICE_LENGTH)}`,
  'image-variable-kept': keptText,
  'image-unknown': unknownImageText,
  'foreign-agent-present': ({ vendor, at, container }) =>
    `container ${oneLine(container, 63)} also has ${vendor} (${oneLine(at, 63)})`,
  'misplaced-key': ({ as, key, kind, name }) =>
    `${as} ${oneLine(key, 130)} is on ${oneLine(kind, 63)} ${oneLine(name, 253)}, not on its pod template, so it has no effect`,
  'unknown-label': ({ label, value, expected }) =>
    `pod label ${quote(label)}=${quote(value)} has no effect; ${expected}`,
};

/** The reason in one English sentence, without a capital and a full stop, so that it can follow a colon. */
export function reasonMessage(reason: Reason): string {
  return dispatch(messages, 'code', reason);
}

/** The section of the documentation that explains the reason. Its anchor is the code, which never changes. */
export function docsAddress(code: ReasonCode): string {
  return `docs/reasons.md#${code}`;
}

function revisionText(verb: 'has' | 'with', revision: string | undefined): string {
  if (revision !== undefined) return `${verb} label ${REVISION_LABEL}=${oneLine(revision, 63)}`;
  return verb === 'has' ? `has no label ${REVISION_LABEL}` : 'without it';
}

function settableByText(levels: readonly Level[]): string {
  return levels.length === 0 ? 'no level may set it' : `settable by ${levels.join(' or ')} only`;
}

type RequirementTexts = {
  readonly [why in UnmetRequirement['why']]: (requirement: Extract<UnmetRequirement, { why: why }>) => string;
};

const requirementTexts: RequirementTexts = {
  kubernetes: ({ minimum, actual }) =>
    `it requires Kubernetes ${versionText(minimum)} or later, ${actual ? `the cluster has ${versionText(actual)}` : 'the version is unknown'}`,
  'pod-security': ({ level, from, directory }) => {
    const what = directory === undefined ? 'it' : `the mount of ${oneLine(directory, 160)} of the node`;
    return from === 'assumed'
      ? `Pod Security may forbid ${what}: the namespace has no label ${POD_SECURITY_ENFORCE_LABEL}, and podSecurityDefault is not set`
      : `Pod Security ${level}${from === 'cluster' ? ', the default of the cluster,' : ''} forbids ${what}`;
  },
  os: ({ os }) => `it supports only ${os.join(', ')}`,
  parameter: ({ parameter }) => `${PREFIX}/${parameter} is not set`,
  excluded: ({ kind, by }) => `${sourceText(by)} excludes deliveries of kind ${kind}`,
  'named-only': () => 'it is used only if a setting names it',
  'image-volumes': ({ nodes }) =>
    ({
      off: `it is used only if a setting names it, because ${PREFIX}/image-volumes is off`,
      unknown: `it is used only if a setting names it or ${PREFIX}/image-volumes is on, because it is not known what the nodes can mount`,
      unable: `it is used only if a setting names it or ${PREFIX}/image-volumes is on, because not every node can mount an image`,
    })[nodes],
  image: ({ image }) => `${quote(image)} is not a valid image reference`,
  claim: ({ claim, problem }) => `claim ${oneLine(claim, 63)} ${claimText(problem)}`,
  'storage-class': ({ storageClass, problem }) => {
    const name =
      storageClass === undefined ? 'the default storage class' : `storage class ${oneLine(storageClass, 63)}`;
    return problem === 'unreachable'
      ? `${name} makes volumes only where the pod cannot run`
      : `${name} does not exist or makes no volumes, and no volume of it is free`;
  },
  quota: ({ quota, resource }) => `quota ${oneLine(quota, 63)} has too little ${resource} left`,
  'claim-size': ({ limitRange, size }) => `LimitRange ${oneLine(limitRange, 63)} does not allow a claim of ${size}`,
  'ephemeral-storage': ({ limit }) => `the containers' ephemeral-storage limits are below the ${limit} that it may use`,
  'user-namespace': () =>
    'the pod has hostUsers: false, and many volumes of this kind cannot be mounted in a user namespace',
  'volume-owner': () => 'a new volume belongs to root, and the pod has no fsGroup that may write to it',
  'claim-name': () => "the name of the pod's claim would have more than 253 characters",
  'host-process': () => 'a pod with HostProcess containers can have no other containers',
  'init-limit': ({ resource, least }) =>
    `the containers' ${resource} limits leave the init container less than the ${least} that it needs`,
  unverifiable: () => 'an agent is required, and only the pod says that it is in the image',
};

export function unmetRequirementText(requirement: UnmetRequirement): string {
  return dispatch(requirementTexts, 'why', requirement);
}

type ClaimTexts = {
  readonly [kind in ClaimProblem['kind']]: (problem: Extract<ClaimProblem, { kind: kind }>) => string;
};

const claimTexts: ClaimTexts = {
  absent: () => 'does not exist in the namespace',
  deleting: () => 'is being deleted',
  lost: () => 'has lost its volume',
  block: () => 'is a block volume (volumeMode: Block)',
  'no-volume': () => 'is not bound, and there is no volume for it and no storage class that makes one',
  unbound: () => 'has had no volume for more than a minute, although its storage class does not wait for a pod',
  unreachable: () => "has its volume where the pod's node selector, affinity or nodeName does not let it run",
  'one-pod': () => 'can be used by one pod only (ReadWriteOncePod)',
  'one-node': () => 'can be mounted by one node only (ReadWriteOnce), and pods may run on several',
  'in-use': ({ node }) => `is in use on ${oneLine(node, 63)}, and only one pod can use it`,
  elsewhere: ({ node }) => `is attached to ${oneLine(node, 63)}, and only one node can mount it`,
};

function claimText(problem: ClaimProblem): string {
  return dispatch(claimTexts, 'kind', problem);
}

export function skippedDeliveryText({ delivery, requirement }: SkippedDelivery): string {
  return `${delivery} (${unmetRequirementText(requirement)})`;
}

/** The place of a value, in words: `pod annotation agent-injector.io/profile`. */
export function sourceText(source: Source): string {
  if (!('key' in source)) return sourceKinds[source.from];
  return `${'label' in source && source.label ? 'pod label' : sourceKinds[source.from]} ${oneLine(source.key, 130)}`;
}

function isTarget({ from }: Source): boolean {
  return from === 'target' || from === 'cluster-target';
}

const sourceKinds: { readonly [from in Source['from']]: string } = {
  container: 'pod annotation',
  pod: 'pod annotation',
  target: TARGET_KIND,
  namespace: 'namespace annotation',
  'cluster-target': CLUSTER_TARGET_KIND,
  cluster: 'cluster default',
  profile: 'profile default',
};

function unmatchedText({ pattern, source, suggestion }: Unmatched<Source>): string {
  return `container ${quote(pattern)} not found${suggested(suggestion)} (${sourceText(source)})`;
}

function suggested(suggestion: string | undefined): string {
  return didYouMean(suggestion && oneLine(suggestion, 63));
}
