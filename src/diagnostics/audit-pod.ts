import { type Admission, admitInContext } from '../admission/admit.ts';
import { isReported } from '../admission/decision.ts';
import { isOptedIn, isServedBy } from '../admission/opt-in.ts';
import { planDecision } from '../admission/planned-decision.ts';
import { missingEvidence } from '../admission/status-evidence.ts';
import { type InjectedStatus, isInjected, readStatus, type StatusRecord } from '../api/status-annotation.ts';
import { claimsOf, hasEnded, type Pod } from '../kubernetes/pod.ts';
import { profileHash } from '../profiles/fingerprint.ts';
import { reasonMessage } from '../reasons/message.ts';
import type { ReasonCode } from '../reasons/reason.ts';
import { profileFor } from '../settings/canary.ts';
import type { SettingSources } from '../settings/resolve.ts';
import { isGuess, isUndecided, mayExist } from './decisions/unread.ts';

export const auditKinds = [
  'expected-not-injected',
  'cannot-be-injected',
  'slot-shared',
  'outdated',
  'namespace-off',
  'namespace-mislabelled',
  'setting-ignored',
  'undecided',
  'claim-missing',
  'not-created',
  'record-unproven',
  'value-shared',
  'value-crowded',
] as const;

export type AuditKind = (typeof auditKinds)[number];

/** Each kind of finding, in the order of the report. */
export const auditKindMeanings: { readonly [kind in AuditKind]: string } = {
  'not-created': 'Pods are refused when they are created',
  'expected-not-injected': 'Agent is missing',
  'cannot-be-injected': 'Agent cannot be injected',
  'slot-shared': 'Two agents in one process',
  outdated: 'Agent is outdated: its profile has changed',
  undecided: 'What the server would decide is not known',
  'namespace-off': 'Agent is present, but injection is off for the namespace',
  'namespace-mislabelled': 'Namespace is meant to be enabled, and is not',
  'setting-ignored': 'Setting has no effect',
  'record-unproven': 'Status annotation claims an agent that the pod does not have',
  'claim-missing': 'PersistentVolumeClaim does not exist',
  'value-shared': 'Value must be used in one namespace only',
  'value-crowded': 'Value is at or near its maximum number of instances',
};

export interface PodFinding {
  readonly kind: AuditKind;
  /** Why: the code of the decision or the notice that the finding is about. */
  readonly reason?: ReasonCode;
  readonly message: string;
}

export interface PodAudit {
  readonly injected: readonly InjectedStatus[];
  readonly findings: readonly PodFinding[];
  /** What the server would decide now could not be told. */
  readonly isUndecided?: boolean;
}

/**
 * Compares an existing pod with what the server would decide now. `claims` are the existing ones, as `namespace/name`; undefined if unknown, then
 * none is reported as missing. Undefined for a pod that has ended or is being deleted, and for one that another release serves.
 */
export function auditPod(sources: SettingSources, claims: ReadonlySet<string> | undefined): PodAudit | undefined {
  if (hasEnded(sources.pod) || !isServedBy(sources.catalogue, sources.namespace)) return undefined;
  const { injected, unproven } = checkRecord(sources);
  if (injected.length > 0) {
    const planned = planDecision(sources);
    const own = injectedPodFindings(sources, injected, claims);
    const findings = [...unproven, ...own, ...sharedSlots(planned), ...ignoredSettings(sources, planned)];
    const isUnknown =
      isGuess(sources) || injected.some(({ profile }) => !profileFor(sources, profile) && mayExist(sources.catalogue));
    return { injected, findings, isUndecided: isUnknown && isOptedIn(sources.namespace) };
  }
  const others = isOptedIn(sources.namespace) ? otherPodFindings(sources, claims) : [];
  return {
    injected,
    findings: [...unproven, ...others],
    isUndecided: others.some(({ kind }) => kind === 'undecided'),
  };
}

export interface CheckedRecord {
  readonly record: StatusRecord | undefined;
  /** The agents that the pod carries: what the record says and the pod bears out. */
  readonly injected: readonly InjectedStatus[];
  readonly unproven: readonly PodFinding[];
}

/** Reads the record of a pod. Anyone who creates a pod can write one. */
export function checkRecord({ pod, catalogue }: Pick<SettingSources, 'pod' | 'catalogue'>): CheckedRecord {
  const record = readStatus(pod);
  const recorded = record?.decision === 'injected' ? record.containers.filter(isInjected) : [];
  const missing = new Map(recorded.map((status) => [status, missingEvidence(pod, status, catalogue)] as const));
  return {
    record,
    injected: recorded.filter((status) => missing.get(status) === undefined),
    unproven: [...missing].flatMap(([{ container, profile }, why]): readonly PodFinding[] => {
      if (why === undefined) return [];
      const message = `the status annotation says that container ${container} carries ${profile}, but ${why}`;
      return [{ kind: 'record-unproven', message }];
    }),
  };
}

function injectedPodFindings(
  sources: SettingSources,
  injected: readonly InjectedStatus[],
  claims: ReadonlySet<string> | undefined,
): readonly PodFinding[] {
  const { pod, namespace } = sources;
  const mounted = new Set(injected.flatMap(({ mounts = {} }) => Object.values(mounts)));
  const volumes = (pod.spec.volumes ?? []).filter(({ name }) => mounted.has(name));
  const missing = missingClaims(sources, volumes, claims);
  if (!isOptedIn(namespace)) {
    const message = `carries ${profileNames(injected)}, but namespace ${namespace.name} is not opted in`;
    return [{ kind: 'namespace-off', message }, ...missing];
  }
  const outdated = injected.flatMap(({ container, profile: name, hash }): readonly PodFinding[] => {
    if (isGuess(sources)) return [];
    const profile = profileFor(sources, name);
    if (!profile)
      return mayExist(sources.catalogue)
        ? []
        : [{ kind: 'outdated', message: `carries ${name}, a profile that no longer exists` }];
    const current = profileHash(profile);
    const versions = `hash ${hash}, now ${current}`;
    const message = `container ${container} carries an older version of ${name} (${versions})`;
    return hash === current ? [] : [{ kind: 'outdated', message }];
  });
  return [...outdated, ...missing];
}

/** Two agents in one process, which the record of an injection does not show. */
function sharedSlots({ decision }: Pick<Admission, 'decision'>): readonly PodFinding[] {
  return decision.containers.flatMap((result): readonly PodFinding[] =>
    result.outcome === 'skipped' && result.reason.code === 'slot-shared'
      ? [
          {
            kind: 'slot-shared',
            reason: result.reason.code,
            message: `${result.container}: ${reasonMessage(result.reason)}`,
          },
        ]
      : [],
  );
}

/** Notices that say that something which a user wrote has no effect. */
const IGNORED: ReadonlySet<ReasonCode> = new Set([
  'unknown-annotation',
  'unknown-label',
  'container-not-found',
  'parameter-locked',
  'setting-locked',
]);

/** Misspelled and ineffective settings, which a warning has told only the one who created the pod. */
function ignoredSettings(sources: SettingSources, { decision }: Pick<Admission, 'decision'>): readonly PodFinding[] {
  // An annotation may be a parameter of a profile that could not be read; a container is there or not.
  const isCertain = !isGuess(sources) && !mayExist(sources.catalogue);
  return decision.notices
    .filter(({ code }) => (isCertain ? IGNORED.has(code) : code === 'container-not-found'))
    .map((notice) => ({ kind: 'setting-ignored', reason: notice.code, message: reasonMessage(notice) }));
}

function otherPodFindings(sources: SettingSources, claims: ReadonlySet<string> | undefined): readonly PodFinding[] {
  const { decision, pod } = admitInContext(sources);
  const shared = sharedSlots({ decision });
  if (shared.length > 0) return shared;
  const ignored = ignoredSettings(sources, { decision });
  if (isUndecided(sources, decision.outcome === 'injected' ? undefined : decision.reason))
    return [undecidedFinding(decision), ...ignored];
  if (decision.outcome !== 'injected') {
    const { reason } = decision;
    const message = `${reasonMessage(reason)} (${reason.code})`;
    return decision.outcome === 'refused' || isReported(reason)
      ? [{ kind: 'cannot-be-injected', reason: reason.code, message }, ...ignored]
      : ignored;
  }
  const profiles = profileNames(decision.containers.filter(({ outcome }) => outcome === 'injected'));
  const before = new Set((sources.pod.spec.volumes ?? []).map(({ name }) => name));
  const added = (pod.spec.volumes ?? []).filter(({ name }) => !before.has(name));
  return [
    { kind: 'expected-not-injected', message: `should carry ${profiles}, but carries no agent` },
    ...missingClaims(sources, added, claims),
    ...ignored,
  ];
}

/** With what would be decided by all that could be read: it may be right. */
function undecidedFinding(decision: Admission['decision']): PodFinding {
  const message = 'carries no agent, and what the server would decide now is not known';
  if (decision.outcome === 'injected') return { kind: 'undecided', message };
  const { reason } = decision;
  const guess = reason.code === 'unknown-profile' ? '' : `; by what could be read: ${reasonMessage(reason)}`;
  return { kind: 'undecided', reason: reason.code, message: `${message}${guess}` };
}

function profileNames(containers: readonly { readonly profile: string | undefined }[]): string {
  return [...new Set(containers.map(({ profile }) => profile))].join(', ');
}

function missingClaims(
  { namespace }: SettingSources,
  volumes: Pod['spec']['volumes'],
  claims: ReadonlySet<string> | undefined,
): readonly PodFinding[] {
  if (!claims) return [];
  return claimsOf(volumes)
    .filter((claim) => !claims.has(`${namespace.name}/${claim}`))
    .map((claim) => ({
      kind: 'claim-missing',
      message: `the claim ${claim} does not exist in namespace ${namespace.name}`,
    }));
}
