import { admitInContext } from '../admission/admit.ts';
import { isOptedIn } from '../admission/opt-in.ts';
import { type InjectedStatus, isInjected, readStatus } from '../api/status-annotation.ts';
import type { Pod } from '../kubernetes/pod.ts';
import { isObject, textIn } from '../lib/json.ts';
import { profileHash } from '../profiles/fingerprint.ts';
import type { Profile } from '../profiles/profile.ts';
import { reasonMessage } from '../reasons/message.ts';
import type { Reason } from '../reasons/reason.ts';
import { reasonTable } from '../reasons/table.ts';
import type { SettingSources } from '../settings/resolve.ts';

/** What an audit looks for. */
export type AuditKind =
  | 'expected-not-injected'
  | 'cannot-be-injected'
  | 'outdated'
  | 'namespace-off'
  | 'claim-missing'
  | 'value-shared'
  | 'value-crowded';

/** Something that is not as it should be with one pod. */
export interface PodAuditFinding {
  readonly kind: AuditKind;
  readonly message: string;
}

/** What an audit knows of one pod. */
export interface PodAudit {
  /** The containers that carry an agent, as the pod's record has them. */
  readonly lines: readonly InjectedStatus[];
  readonly seen: readonly PodAuditFinding[];
}

/**
 * Looks at a pod that is there as the server would now, and at what it carries. `claims` are those that exist, by `namespace/name`; undefined
 * where they are not known, and then none is missed.
 */
export function auditPod(sources: SettingSources, claims: ReadonlySet<string> | undefined): PodAudit {
  const record = readStatus(sources.pod);
  const lines = record?.decision === 'injected' ? record.containers.filter(isInjected) : [];
  if (lines.length > 0) return { lines, seen: lookAtCarrier(sources, lines, claims) };
  return { lines, seen: isOptedIn(sources.namespace) ? lookAtOther(sources, claims) : [] };
}

/** Whether a pod has ended or is about to: no audit is about it. */
export function hasEnded(pod: Pod): boolean {
  const phase = isObject(pod['status']) ? pod['status']['phase'] : undefined;
  return phase === 'Succeeded' || phase === 'Failed' || pod.metadata?.['deletionTimestamp'] !== undefined;
}

function lookAtCarrier(
  sources: SettingSources,
  lines: readonly InjectedStatus[],
  claims: ReadonlySet<string> | undefined,
): readonly PodAuditFinding[] {
  const { pod, namespace } = sources;
  const ours = new Set(lines.flatMap(({ mounts }) => Object.values(mounts ?? {})));
  const volumes = (pod.spec.volumes ?? []).filter(({ name }) => ours.has(name));
  const missing = missingClaims(sources, volumes, claims);
  if (!isOptedIn(namespace)) {
    const profiles = [...new Set(lines.map(({ profile }) => profile))].join(', ');
    const message = `carries ${profiles}, though namespace ${namespace.name} is not opted in`;
    return [{ kind: 'namespace-off', message }, ...missing];
  }
  const old = lines.flatMap((line): readonly PodAuditFinding[] => {
    const profile = sources.catalogue.profiles.get(line.profile);
    const why = profile ? outdated(line, profile) : `profile ${line.profile} is not there any more`;
    return why === undefined ? [] : [{ kind: 'outdated', message: why }];
  });
  return [...old, ...missing];
}

function lookAtOther(sources: SettingSources, claims: ReadonlySet<string> | undefined): readonly PodAuditFinding[] {
  const { decision, pod } = admitInContext(sources);
  if (decision.outcome === 'injected') {
    const profiles = [
      ...new Set(decision.containers.flatMap(({ outcome, profile }) => (outcome === 'injected' ? [profile] : []))),
    ];
    const before = new Set((sources.pod.spec.volumes ?? []).map(({ name }) => name));
    const added = (pod.spec.volumes ?? []).filter(({ name }) => !before.has(name));
    return [
      {
        kind: 'expected-not-injected',
        message: `should carry ${profiles.join(', ')}, and carries no agent`,
      },
      ...missingClaims(sources, added, claims),
    ];
  }
  const { reason } = decision;
  return isTold(reason) ? [{ kind: 'cannot-be-injected', message: `${reasonMessage(reason)} (${reason.code})` }] : [];
}

function missingClaims(
  { namespace }: SettingSources,
  volumes: NonNullable<Pod['spec']['volumes']>,
  claims: ReadonlySet<string> | undefined,
): readonly PodAuditFinding[] {
  if (!claims) return [];
  return volumes.flatMap(({ persistentVolumeClaim: source }): readonly PodAuditFinding[] => {
    const claim = isObject(source) ? textIn(source, 'claimName') : '';
    if (claim === '' || claims.has(`${namespace.name}/${claim}`)) return [];
    return [{ kind: 'claim-missing', message: `the claim ${claim} does not exist in namespace ${namespace.name}` }];
  });
}

function outdated({ container, hash }: InjectedStatus, profile: Profile): string | undefined {
  const now = profileHash(profile);
  if (hash === now) return undefined;
  return `container ${container} carries ${profile.name} as it was before (${hash ?? 'without a hash'}, now ${now})`;
}

function isTold({ code }: Reason): boolean {
  const { kind } = reasonTable[code];
  return kind === 'problem' || kind === 'failure';
}
