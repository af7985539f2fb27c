import type { InjectedStatus } from '../../api/status-annotation.ts';
import type { SignsOfLife } from '../../api/profile/signs-of-life.ts';
import { isCurrent } from '../../admission/status-evidence.ts';
import { type ContainerStatus, containerStatusesOf, troubleOf } from '../../kubernetes/container-status.ts';
import { unknownCluster } from '../../kubernetes/cluster-state.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import type { Pod } from '../../kubernetes/pod.ts';
import { objectIn, objectsIn, textIn } from '../../lib/json.ts';
import { oneLine } from '../../lib/text.ts';
import type { Catalogue } from '../../profiles/catalogue.ts';
import { profileHash } from '../../profiles/fingerprint.ts';
import { profileFor } from '../../settings/canary.ts';
import { type CheckedRecord, checkRecord } from '../audit-pod.ts';
import { type ContainerFacts, judgeSigns, type SignsVerdict } from './sign.ts';
import { mostTelling, nextStep, type Verdict, type VerdictCode, verdictOf } from './verdict-code.ts';

/** What was read of a pod, and when. */
export interface PodFacts {
  readonly pod: Pod;
  readonly namespace: string;
  /** The namespace; undefined if it could not be read. */
  readonly within: Namespace | undefined;
  readonly signs: (container: string, profile: string) => ContainerFacts | undefined;
  /** Seconds since a container has started, by its name; without those that do not run. */
  readonly ages: ReadonlyMap<string, number>;
}

export interface ContainerVerdict {
  readonly container: string;
  readonly profile?: string;
  readonly verdict: Verdict;
  readonly code: VerdictCode;
  /** A sentence fragment. */
  readonly message: string;
  readonly restarts: number;
  readonly exitCode?: number;
}

export interface PodVerdict {
  readonly pod: string;
  readonly verdict: Verdict;
  readonly code: VerdictCode;
  readonly message: string;
  /** A command or an advice. */
  readonly next?: string;
  /** True if the current version of a profile is another one than the pod carries. */
  readonly isOutdated: boolean;
  readonly containers: readonly ContainerVerdict[];
  /** The end of the log of the container that failed. */
  readonly log?: { readonly container: string; readonly lines: readonly string[] };
}

/** The verdict on a pod. It says no more than the facts show: what could not be read is unknown. */
export function verdictOfPod(facts: PodFacts, catalogue: Catalogue): PodVerdict {
  const { pod, namespace } = facts;
  const name = pod.metadata?.name ?? '';
  const checked = checkRecord({ pod, catalogue });
  const isOutdated = checked.injected.some((one) => isOutdatedIn(one, facts, catalogue));
  const containers = containerVerdicts(facts, checked, catalogue);
  const worst = mostTelling(containers);
  const {
    code,
    message,
    container = '',
  } = worst ?? { code: 'not-injected' as const, message: whyNotInjected(checked) };
  const next = nextStep(code, { pod: name, namespace, container });
  return {
    pod: name,
    verdict: verdictOf(code),
    code,
    message,
    ...(next !== undefined && { next }),
    isOutdated,
    containers,
  };
}

/** Without the namespace, which version its workload gets in a canary is not known. */
function isOutdatedIn(status: InjectedStatus, { pod, within }: PodFacts, catalogue: Catalogue): boolean {
  const { profile: name, hash } = status;
  if (!catalogue.profiles.has(name)) return false;
  if (!within) return !isCurrent(status, catalogue);
  const profile = profileFor({ pod, namespace: within, catalogue, cluster: unknownCluster }, name);
  return profile !== undefined && profileHash(profile) !== hash;
}

function whyNotInjected({ record, unproven }: CheckedRecord): string {
  const [first] = unproven;
  if (first) return first.message;
  if (!record) return 'it carries no agent of agent-injector, and has no record of a decision';
  const { reason = record.decision, message = '' } = record;
  return `it carries no agent: when it was created, ${message === '' ? reason : `${oneLine(message, 300)} (${reason})`}`;
}

function containerVerdicts(
  facts: PodFacts,
  { injected }: CheckedRecord,
  catalogue: Catalogue,
): readonly ContainerVerdict[] {
  if (injected.length === 0) return [];
  const statuses = containerStatusesOf(facts.pod);
  const targets = new Set(injected.map(({ container }) => container));
  const ours = new Set(injected.flatMap(({ init }) => (init === undefined ? [] : [init])));
  return [
    ...statuses.flatMap((status) => {
      const trouble = !targets.has(status.name) && (status.isInit || troubleOf(status) === 'image');
      return trouble ? otherContainer(status, ours.has(status.name)) : [];
    }),
    ...injected.map((one) => {
      const status = statuses.find(({ name }) => name === one.container);
      return agentVerdict(one, status, facts, catalogue);
    }),
  ];
}

/** A container without the agent that keeps the pod from starting. */
function otherContainer(status: ContainerStatus, isOurs: boolean): readonly ContainerVerdict[] {
  const trouble = troubleOf(status);
  if (trouble === undefined) return [];
  const failed = isOurs ? 'files-not-copied' : 'init-container-failed';
  const code = trouble === 'image' ? 'image-not-pulled' : trouble === 'creation' ? 'not-created' : failed;
  return [verdictWith(status, code, stateText(status))];
}

const TROUBLE_CODES = {
  image: 'image-not-pulled',
  memory: 'out-of-memory',
  crash: 'crashed',
  creation: 'not-created',
} as const;

function agentVerdict(
  { container, profile: name }: InjectedStatus,
  status: ContainerStatus | undefined,
  facts: PodFacts,
  catalogue: Catalogue,
): ContainerVerdict {
  const of = status ?? NOT_REPORTED;
  const { code, message } = judged({ status: of, name, facts, read: facts.signs(container, name) ?? {} }, catalogue);
  return { ...verdictWith(of, code, message), container, profile: name };
}

const NOT_REPORTED: ContainerStatus = {
  name: '',
  isInit: false,
  restarts: 0,
  ready: false,
  state: 'waiting',
  reason: '',
  message: '',
  startedAt: '',
  termination: undefined,
};

interface Judged {
  readonly code: VerdictCode;
  readonly message: string;
}

interface Case {
  readonly status: ContainerStatus;
  readonly name: string;
  readonly facts: PodFacts;
  readonly read: ContainerFacts;
}

function judged(one: Case, catalogue: Catalogue): Judged {
  const profile = catalogue.profiles.get(one.name);
  const signs = profile?.signsOfLife;
  const seen = judgeSigns(signs ?? NO_SIGNS, one.read);
  if (seen.kind === 'failed')
    return { code: 'agent-failed', message: [...troubleTexts(one), seen.evidence].join('; ') };
  const notRunning = judgedByState(one, signs);
  if (notRunning) return notRunning;
  if (seen.kind === 'alive') return { code: 'alive', message: seen.evidence };
  if (!profile) return { code: 'profile-unknown', message: `profile ${one.name} is not known here` };
  if (!signs) return { code: 'signs-unknown', message: `profile ${one.name} has no signs of life` };
  const { unknown } = signs;
  return unknown === undefined
    ? withoutSign(signs, seen, one)
    : { code: 'signs-unknown', message: `no sign of life of ${one.name} is known: ${unknown}` };
}

const NO_SIGNS: SignsOfLife = { failed: [], within: 120 };

function troubleTexts({ status }: Case): readonly string[] {
  return troubleOf(status) === undefined ? [] : [stateText(status)];
}

/** Undefined for a container that runs, or has ended well. */
function judgedByState({ status, facts }: Case, signs: SignsOfLife | undefined): Judged | undefined {
  const trouble = troubleOf(status);
  if (trouble !== undefined) return { code: TROUBLE_CODES[trouble], message: stateText(status) };
  if (isCrashing(status, facts, signs)) return { code: 'crashed', message: `${stateText(status)}, and started again` };
  return status.state === 'waiting' ? { code: 'starting', message: waitingText(facts.pod, status) } : undefined;
}

/** Restarts after which a container that has just started again counts as crashing. */
const CRASHES = 3;

function isCrashing(status: ContainerStatus, { ages }: PodFacts, signs: SignsOfLife | undefined): boolean {
  const { name, state, restarts, termination } = status;
  if (state !== 'running' || restarts < CRASHES || termination?.exitCode === 0) return false;
  return (ages.get(name) ?? 0) < (signs ?? NO_SIGNS).within;
}

function withoutSign({ within }: SignsOfLife, seen: SignsVerdict, { status, facts }: Case): Judged {
  const { name, state } = status;
  const age = facts.ages.get(name) ?? 0;
  if (seen.kind === 'unread') return { code: 'not-readable', message: seen.why.join('; ') };
  if (state === 'running' && age < within)
    return { code: 'starting', message: `no sign of life yet, ${Math.max(0, Math.round(age))} s after the start` };
  const since = state === 'running' ? `within ${within} s of the start` : 'in what it left behind';
  return { code: 'no-sign', message: `no sign of life ${since}` };
}

function verdictWith(status: ContainerStatus, code: VerdictCode, message: string): ContainerVerdict {
  const { name, restarts, termination } = status;
  return {
    container: name,
    verdict: verdictOf(code),
    code,
    message,
    restarts,
    ...(termination && { exitCode: termination.exitCode }),
  };
}

/** The state of a container in words: `ended with exit code 1 (Error), 3 restarts`. */
function stateText({ name, state, reason, message, termination, restarts }: ContainerStatus): string {
  const ended =
    termination === undefined
      ? ''
      : `ended with exit code ${termination.exitCode} (${oneLine(termination.reason, 63)})`;
  const waiting = state === 'waiting' && reason !== '' ? `waits: ${oneLine(reason, 63)}` : '';
  const words = message === '' ? (termination?.message ?? '') : message;
  const parts = [waiting, ended, restarts > 0 ? `${restarts} restarts` : ''].filter((part) => part !== '');
  const why = words === '' || reason === 'CrashLoopBackOff' ? '' : `: ${oneLine(words, 300)}`;
  return `container ${name} ${parts.join(', ')}${why}`;
}

/** Why a container has not started yet: the condition of its pod that is not met, or what the kubelet says. */
function waitingText(pod: Pod, { reason }: ContainerStatus): string {
  const conditions = objectsIn(objectIn(pod, 'status'), 'conditions');
  const unscheduled = conditions.find((one) => one['type'] === 'PodScheduled' && one['status'] === 'False');
  if (unscheduled) return `it is not scheduled: ${oneLine(textIn(unscheduled, 'message'), 300)}`;
  return reason === '' ? 'it has not started yet' : `it has not started yet (${oneLine(reason, 63)})`;
}
