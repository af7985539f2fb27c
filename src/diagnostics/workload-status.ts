import { admitInContext } from '../admission/admit.ts';
import { isOptedIn, isServedBy } from '../admission/opt-in.ts';
import { planDecision } from '../admission/planned-decision.ts';
import type { InjectedStatus } from '../api/status-annotation.ts';
import { creatorOf, workloadText } from '../kubernetes/owner.ts';
import { hasEnded, type Pod } from '../kubernetes/pod.ts';
import { profileHash } from '../profiles/fingerprint.ts';
import { observePod } from '../observer/observed-pod.ts';
import { profileFor } from '../settings/canary.ts';
import type { SettingSources } from '../settings/resolve.ts';
import { checkRecord } from './audit-pod.ts';
import { restartCommand } from './findings.ts';
import { type Outlook, outlookOf } from './rollout/outlook.ts';

/** Why pods of a workload have no agent, or what is wrong with the one they have. */
export interface WhyNot {
  /** A reason code, or `not-asked`: agent-injector was not asked when the pod was created, and would inject it now. */
  readonly code: string;
  readonly pods: number;
  /** `record`: written when the pod was created. `now`: what would be decided now. */
  readonly from: 'record' | 'now';
}

export interface WorkloadStatus {
  readonly namespace: string;
  /** `Deployment/web`, or `Pod/web` for a pod without a controller. */
  readonly workload: string;
  readonly pods: number;
  /** Pods that carry an agent, by their record, which the pod bears out. */
  readonly injected: number;
  /** What became of the pods that carry an agent, for people: `crashing(2)`. Those that run or start are left out. */
  readonly troubles: readonly string[];
  /** Pods that carry a version of a profile other than the current one. */
  readonly outdated: number;
  /** Pods without an agent that would get one if they were created now. */
  readonly missing: number;
  /** Pods with an agent that is no longer asked for. */
  readonly leftover: number;
  /** Pods with an agent whose injection someone has stopped: a new pod would start without it. */
  readonly stopped: number;
  /** `acme-java@2b8964eb`: each profile with the hash of its version. */
  readonly profiles: readonly string[];
  readonly deliveries: readonly string[];
  readonly whyNot: readonly WhyNot[];
  /** A command that closes the gap, to be reviewed before it is run. */
  readonly fix?: string;
}

/** A pod from a file has not started, either. */
const FINE: ReadonlySet<string> = new Set(['starting', 'running', 'ended']);

interface Counted {
  readonly namespace: string;
  readonly workload: string;
  readonly creator: ReturnType<typeof creatorOf>;
  readonly profiles: Set<string>;
  readonly deliveries: Set<string>;
  readonly whyNot: Map<string, WhyNot>;
  readonly states: Map<string, number>;
  pods: number;
  injected: number;
  outdated: number;
  missing: number;
  leftover: number;
  stopped: number;
}

/** What became of the pods of each workload. Takes one pod at a time and keeps only the counts. */
export class WorkloadStatuses {
  readonly #all = new Map<string, Counted>();
  readonly #unknown = new Set<string>();

  /**
   * Counts a pod. One that has ended or is being deleted does not count, and neither does one that another release serves. Where the namespace could not
   * be read, no agent counts as left over.
   */
  add(sources: SettingSources, isNamespaceKnown = true): void {
    const { pod, namespace, catalogue } = sources;
    if (hasEnded(pod) || !isServedBy(catalogue, namespace)) return;
    const { record, injected } = checkRecord(sources);
    // A namespace that never asked for an agent is not shown.
    if (injected.length === 0 && !isOptedIn(namespace)) return;
    const counted = this.#workloadOf(pod, namespace.name);
    counted.pods++;
    if (injected.length === 0) countMissing(counted, sources, record?.reason);
    else this.#countInjected(counted, sources, injected, isNamespaceKnown ? outlookNow(sources, injected) : 'kept');
  }

  /** Profiles that pods carry and the catalogue does not have: whether these pods are outdated is not known. */
  unknownProfiles(): readonly string[] {
    return [...this.#unknown].toSorted();
  }

  list(): readonly WorkloadStatus[] {
    return [...this.#all.values()].map(statusOf).toSorted(byName);
  }

  #countInjected(
    counted: Counted,
    sources: SettingSources,
    injected: readonly InjectedStatus[],
    outlook: Outlook,
  ): void {
    counted.injected++;
    if (outlook === 'removed') counted.leftover++;
    if (outlook === 'stopped') counted.stopped++;
    // Only how long something takes depends on times.
    const { state } = observePod(sources.pod, () => 0);
    if (!FINE.has(state)) counted.states.set(state, (counted.states.get(state) ?? 0) + 1);
    let isOutdated = false;
    for (const { profile: name, hash, delivery } of injected) {
      counted.profiles.add(`${name}@${hash}`);
      counted.deliveries.add(delivery);
      const profile = profileFor(sources, name);
      if (!profile) this.#unknown.add(name);
      else if (profileHash(profile) !== hash) isOutdated = true;
    }
    if (isOutdated && outlook === 'kept') counted.outdated++;
  }

  #workloadOf(pod: Pod, namespace: string): Counted {
    const creator = creatorOf(pod);
    const workload = workloadText(pod);
    const key = JSON.stringify([namespace, workload]);
    const known = this.#all.get(key);
    if (known) return known;
    const none = { pods: 0, injected: 0, outdated: 0, missing: 0, leftover: 0, stopped: 0 };
    const sets = { profiles: new Set<string>(), deliveries: new Set<string>(), whyNot: new Map<string, WhyNot>() };
    const states = new Map<string, number>();
    const counted: Counted = { namespace, workload, creator, states, ...sets, ...none };
    this.#all.set(key, counted);
    return counted;
  }
}

/** What would be decided now is looked up only where the pod has no record: then nothing else says why. */
function countMissing(counted: Counted, sources: SettingSources, recorded: string | undefined): void {
  const { decision } = admitInContext(sources);
  if (decision.outcome === 'injected') counted.missing++;
  if (recorded !== undefined) return countWhy(counted, recorded, 'record');
  countWhy(counted, decision.outcome === 'injected' ? 'not-asked' : decision.reason.code, 'now');
}

function countWhy(counted: Counted, code: string, from: WhyNot['from']): void {
  const before = counted.whyNot.get(code);
  counted.whyNot.set(code, { code, from, pods: (before?.pods ?? 0) + 1 });
}

/** Of a profile that is not known here, nothing is known. */
function outlookNow(sources: SettingSources, injected: readonly InjectedStatus[]): Outlook {
  const { injection, profiles } = sources.catalogue;
  if (injection?.mode === 'dry-run') return 'stopped';
  const known = injected.filter(({ profile }) => profiles.has(profile));
  return known.length === 0 ? 'kept' : outlookOf(planDecision(sources).decision, known);
}

function statusOf({ creator, whyNot, profiles, deliveries, states, ...counted }: Counted): WorkloadStatus {
  const { namespace, missing, outdated } = counted;
  const fix = missing + outdated > 0 ? restartCommand(namespace, creator) : undefined;
  return {
    ...counted,
    troubles: [...states].map(([state, count]) => `${state}(${count})`),
    profiles: [...profiles].toSorted(),
    deliveries: [...deliveries].toSorted(),
    whyNot: [...whyNot.values()],
    ...(fix !== undefined && { fix }),
  };
}

function byName(one: WorkloadStatus, other: WorkloadStatus): number {
  return compare(one.namespace, other.namespace) || compare(one.workload, other.workload);
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
