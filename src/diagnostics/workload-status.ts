import { isOptedIn, isServedBy } from '../admission/opt-in.ts';
import { AGENT_STATES, type AgentState } from '../api/agent-state.ts';
import type { Breaker } from '../api/breaker.ts';
import type { InjectedStatus } from '../api/status-annotation.ts';
import { creatorOf, workloadKeyOf, workloadText } from '../kubernetes/owner.ts';
import { hasEnded, type Pod } from '../kubernetes/pod.ts';
import { profileHash } from '../profiles/fingerprint.ts';
import { observePod } from '../observer/observed-pod.ts';
import { hasRecovered, type PodState, type TimeOf } from '../observer/trouble.ts';
import { profileFor } from '../settings/canary.ts';
import type { SettingSources } from '../settings/resolve.ts';
import { checkRecord } from './audit-pod.ts';
import type { Obstacle } from './decisions/obstacle.ts';
import { isGuess } from './decisions/unread.ts';
import { NOT_ASKED, outlookNow, type WhyNot, whyNow } from './decisions/what-now.ts';
import { restartCommand } from './findings.ts';
import { breakersAbout, versionOf } from './liveness/known-breakers.ts';
import type { VerdictCode } from './liveness/verdict-code.ts';
import type { Outlook } from './rollout/outlook.ts';

export interface WorkloadStatus {
  readonly namespace: string;
  /** `Deployment/web`, or `Pod/web` for a pod without a controller. */
  readonly workload: string;
  readonly pods: number;
  /** Pods that carry an agent, by their record, which the pod bears out. */
  readonly injected: number;
  /**
   * How many of the pods that carry an agent are in each state, the worst first. `running` is what the kubelet says of the containers; `alive` says that
   * a sign of life of the agent was seen.
   */
  readonly states: { readonly [state in AgentState]?: number };
  /** The circuit breakers of the workload and of its profiles that are not closed, the gravest first. Absent if they could not be read. */
  readonly breakers?: readonly Breaker[];
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

/** The verdicts on a running pod that say more than that it runs. */
const SIGN_CODES = ['agent-failed', 'no-sign', 'alive'] as const satisfies readonly VerdictCode[];

/** How times are read, and the time of the status in ms since the epoch: what has failed once may have run for long since. */
export interface StatusTime {
  readonly timeOf: TimeOf;
  readonly now: number;
}

interface Counted {
  readonly namespace: string;
  readonly workload: string;
  /** As an admission sees it. */
  readonly key: string | undefined;
  readonly creator: ReturnType<typeof creatorOf>;
  readonly profiles: Set<string>;
  readonly deliveries: Set<string>;
  readonly whyNot: Map<string, WhyNot>;
  readonly states: Map<AgentState, number>;
  /** `profile@hash`: what pods would carry but for a circuit breaker. */
  readonly heldBack: Set<string>;
  pods: number;
  injected: number;
  outdated: number;
  missing: number;
  leftover: number;
  stopped: number;
}

/** What else is known of a pod. */
export interface PodKnowledge {
  /** False if its namespace could not be read: then no agent counts as left over. */
  readonly isNamespaceKnown?: boolean;
  /** The verdict on it, if someone has looked for signs of life. */
  readonly seen?: VerdictCode | undefined;
  /** Why no new pod like it gets an agent: then a restart would close no gap, and take the agent away from a pod that is outdated. */
  readonly obstacle?: Obstacle | undefined;
}

/** What became of the pods of each workload. Takes one pod at a time and keeps only the counts. */
export class WorkloadStatuses {
  readonly #time: StatusTime;
  readonly #all = new Map<string, Counted>();
  readonly #unknown = new Set<string>();
  #hasGuesses = false;

  /** Without a time, what has failed once is not known to run again. */
  constructor(time: StatusTime = { timeOf: () => 0, now: 0 }) {
    this.#time = time;
  }

  /** Counts a pod. One that has ended or is being deleted does not count, and neither does one that another release serves. */
  add(sources: SettingSources, { isNamespaceKnown = true, seen, obstacle }: PodKnowledge = {}): void {
    const { pod, namespace, catalogue } = sources;
    if (hasEnded(pod) || !isServedBy(catalogue, namespace)) return;
    const { record, injected } = checkRecord(sources);
    // A namespace that never asked for an agent is not shown.
    if (injected.length === 0 && !isOptedIn(namespace)) return;
    const counted = this.#workloadOf(sources);
    counted.pods++;
    if (injected.length === 0) return countMissing(counted, sources, { recorded: record?.reason, obstacle });
    this.#countState(counted, pod, seen);
    const outlook = isNamespaceKnown ? outlookNow(sources, injected, obstacle) : 'kept';
    this.#countInjected(counted, sources, injected, outlook);
  }

  #countState({ states }: Counted, pod: Pod, seen: VerdictCode | undefined): void {
    const state = this.#stateOf(pod, seen);
    if (state !== undefined) states.set(state, (states.get(state) ?? 0) + 1);
  }

  /** What the kubelet says, and of a pod that runs, what was seen of the agent. */
  #stateOf(pod: Pod, seen: VerdictCode | undefined): AgentState | undefined {
    const { timeOf, now } = this.#time;
    const { state, trouble } = observePod(pod, timeOf);
    if (state === 'ended') return undefined;
    if (state !== 'running' && !hasRecovered(trouble, now)) return state;
    return SIGN_CODES.find((code) => code === seen) ?? 'running';
  }

  /** Profiles that pods carry and the catalogue does not have: whether these pods are outdated is not known. */
  unknownProfiles(): readonly string[] {
    return [...this.#unknown].toSorted();
  }

  /** True if something could not be read on which decisions on pods that were counted depend: then gaps are not counted. */
  get hasGuesses(): boolean {
    return this.#hasGuesses;
  }

  /** `breakersIn`: the circuit breakers that are in force in a namespace; undefined if they could not be read. */
  list(breakersIn: (namespace: string) => readonly Breaker[] | undefined = () => undefined): readonly WorkloadStatus[] {
    return [...this.#all.values()].map((one) => statusOf(one, breakersIn(one.namespace))).toSorted(byName);
  }

  #countInjected(
    counted: Counted,
    sources: SettingSources,
    injected: readonly InjectedStatus[],
    outlook: Outlook | 'unreachable',
  ): void {
    counted.injected++;
    if (outlook === 'removed') counted.leftover++;
    if (outlook === 'stopped') counted.stopped++;
    let isOutdated = false;
    for (const { profile: name, hash, delivery } of injected) {
      counted.profiles.add(`${name}@${hash}`);
      counted.deliveries.add(delivery);
      const profile = profileFor(sources, name);
      if (!profile) this.#unknown.add(name);
      else if (profileHash(profile) !== hash && !isGuess(sources)) isOutdated = true;
    }
    if (isOutdated && outlook === 'kept') counted.outdated++;
  }

  #workloadOf(sources: SettingSources): Counted {
    const { pod, namespace: within } = sources;
    const namespace = within.name;
    this.#hasGuesses ||= isGuess(sources);
    const creator = creatorOf(pod);
    const workload = workloadText(pod);
    const key = JSON.stringify([namespace, workload]);
    const known = this.#all.get(key);
    if (known) return known;
    const none = { pods: 0, injected: 0, outdated: 0, missing: 0, leftover: 0, stopped: 0 };
    const sets = { profiles: new Set<string>(), heldBack: new Set<string>(), deliveries: new Set<string>() };
    const maps = { whyNot: new Map<string, WhyNot>(), states: new Map<AgentState, number>() };
    const counted: Counted = { namespace, workload, key: workloadKeyOf(pod), creator, ...sets, ...maps, ...none };
    this.#all.set(key, counted);
    return counted;
  }
}

/** What would be decided now is looked up only where the pod has no record: then nothing else says why. */
function countMissing(
  counted: Counted,
  sources: SettingSources,
  { recorded, obstacle }: { readonly recorded: string | undefined; readonly obstacle: Obstacle | undefined },
): void {
  const { code, reason } = whyNow(sources, obstacle);
  if (code === NOT_ASKED) counted.missing++;
  if (reason?.code === 'breaker-open') countHeldBack(counted, sources, reason.profile);
  if (recorded !== undefined) return countWhy(counted, recorded, 'record');
  countWhy(counted, code, 'now');
}

/** A breaker is about the version that the pod would carry. */
function countHeldBack({ heldBack }: Counted, sources: SettingSources, name: string): void {
  const profile = profileFor(sources, name);
  if (profile) heldBack.add(versionOf(profile));
}

function countWhy(counted: Counted, code: string, from: WhyNot['from']): void {
  const before = counted.whyNot.get(code);
  counted.whyNot.set(code, { code, from, pods: (before?.pods ?? 0) + 1 });
}

function statusOf(
  { creator, whyNot, profiles, deliveries, states, heldBack, key, ...counted }: Counted,
  breakers: readonly Breaker[] | undefined,
): WorkloadStatus {
  const { namespace, missing, outdated } = counted;
  const versions = new Set([...profiles, ...heldBack]);
  const fix = missing + outdated > 0 ? restartCommand(namespace, creator) : undefined;
  return {
    ...counted,
    states: Object.fromEntries(
      (AGENT_STATES satisfies readonly (PodState | VerdictCode)[]).flatMap((state) =>
        states.has(state) ? [[state, states.get(state)]] : [],
      ),
    ),
    ...(breakers && { breakers: breakersAbout(breakers, { namespace, workload: key, versions }) }),
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
