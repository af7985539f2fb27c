import { type InjectedStatus, isInjected, readStatus } from '../api/status-annotation.ts';
import {
  type ContainerStatus,
  containerStatusesOf,
  CRASH_REASON,
  IMAGE_REASONS,
  type Termination,
} from '../kubernetes/container-status.ts';
import { type Container, containersOf, type Pod } from '../kubernetes/pod.ts';
import { objectIn, textIn } from '../lib/json.ts';
import { oneLine } from '../lib/text.ts';
import type { Evidence, PodState, TimeOf, Trouble } from './trouble.ts';

/** What failed in a pod, and how. */
export type Failure = Omit<Trouble, 'uid' | 'node' | 'owner'> & { readonly state: PodState };

/** The words of the kubelet for a container that cannot be made or started. */
const NOT_STARTED = new Set([
  'CreateContainerError',
  'CreateContainerConfigError',
  'RunContainerError',
  'StartError',
  'ContainerCannotRun',
  'PreCreateHookError',
  'PostStartHookError',
]);

const OUT_OF_MEMORY = 'OOMKilled';

/** What is known of the agents in a pod, from its record. */
interface Injected {
  readonly profiles: Readonly<Record<string, string>>;
  readonly containers: ReadonlySet<string>;
  readonly initContainers: ReadonlySet<string>;
  /** The paths at which something of ours is mounted, and the images of our volumes. */
  readonly signs: readonly string[];
}

/** The failure of a pod that says most; undefined if none of its containers fails. */
export function failureOf(pod: Pod, timeOf: TimeOf): Failure | undefined {
  const failed = containerStatusesOf(pod).filter(hasFailed);
  if (failed.length === 0) return undefined;
  const injected = injectedIn(pod);
  const failures = failed.map((status) => describe(pod, status, injected, timeOf));
  return RANK.flatMap((evidence) => failures.filter((one) => one.evidence === evidence))[0];
}

const RANK: readonly Evidence[] = ['certain', 'suspect', 'none'];

/** How the container has ended, now or before it was started again; undefined if it ended well. */
function failedEnd({ termination }: ContainerStatus): Termination | undefined {
  return termination?.exitCode === 0 ? undefined : termination;
}

function hasFailed(status: ContainerStatus): boolean {
  return failedEnd(status) !== undefined || hasNotStarted(status);
}

function hasNotStarted({ reason }: ContainerStatus): boolean {
  return IMAGE_REASONS.has(reason) || NOT_STARTED.has(reason);
}

function describe(pod: Pod, status: ContainerStatus, injected: Injected, timeOf: TimeOf): Failure {
  const { name, restarts } = status;
  const isOurs = status.isInit && injected.initContainers.has(name);
  const state = stateOf(status, isOurs);
  const words = wordsOf(status);
  const startedAt = timeOf(status.startedAt);
  const failedAt = timeOf(failedEnd(status)?.finishedAt ?? '');
  return {
    state,
    evidence: evidenceOf({ status, state, injected, isOurs }),
    text: textOf(status, isOurs, words),
    failures: restarts + (status.state === 'running' ? 0 : 1),
    failedAt: Number.isFinite(failedAt) ? failedAt : timeOf(textIn(objectIn(pod, 'metadata'), 'creationTimestamp')),
    runsSince: Number.isFinite(startedAt) ? startedAt : undefined,
    profiles: injected.profiles,
    memoryLimit: state === 'out-of-memory' ? memoryLimitOf(pod, name) : undefined,
  };
}

/** What the kubelet says of it. Of a container that waits to be started again, it tells only how long. */
function wordsOf(status: ContainerStatus): string {
  const waits = status.reason === CRASH_REASON ? '' : status.message;
  return `${waits} ${failedEnd(status)?.message ?? ''}`.trim();
}

function textOf(status: ContainerStatus, isOurs: boolean, words: string): string {
  const what = hasNotStarted(status) ? status.reason : endOf(failedEnd(status));
  const whose = isOurs ? 'the init container of the agent' : 'container';
  return `${whose} ${oneLine(status.name, 63)}: ${what}${words === '' ? '' : `: ${oneLine(words, 160)}`}`;
}

function stateOf(status: ContainerStatus, isOurs: boolean): PodState {
  if (IMAGE_REASONS.has(status.reason)) return 'pull-failed';
  if (isOurs) return 'copy-failed';
  return failedEnd(status)?.reason === OUT_OF_MEMORY ? 'out-of-memory' : 'crashing';
}

function endOf(ended: Termination | undefined): string {
  const { reason = '', exitCode } = ended ?? {};
  const code = exitCode === undefined ? 'ended' : `ended with exit code ${exitCode}`;
  return reason === '' || reason === 'Error' ? code : `${reason}, ${code}`;
}

interface Described {
  readonly status: ContainerStatus;
  readonly state: PodState;
  readonly injected: Injected;
  readonly isOurs: boolean;
}

function evidenceOf({ status, state, injected, isOurs }: Described): Evidence {
  if (isOurs || namesOurs(status, injected)) return 'certain';
  // An image of the app's own, or a container that we have not changed.
  if (!injected.containers.has(status.name) || state === 'pull-failed') return 'none';
  // The app was ended from outside.
  const ended = failedEnd(status);
  return ended?.signal === SIGTERM || ended?.exitCode === 128 + SIGTERM ? 'none' : 'suspect';
}

/** What runtimes write before the path of a file that they were told to load and cannot: the process ends then. */
const LOAD_FAILURES = [
  // JVM, -javaagent and -agentpath
  'Error opening zip file or JAR manifest missing',
  'Could not find agent library',
  // Node.js, --require and --import
  'Cannot find module',
  // .NET, DOTNET_STARTUP_HOOKS
  'Startup hook assembly',
];

/** What may stand between that and the path; in a log of JSON, quotes have a backslash. */
const BEFORE_PATH = /^[\s:"'`\\]*/;

/** The message of its failure has what the hook of the app has printed. */
const HOOK_FAILED = 'PostStartHookError';

/**
 * True if the kubelet or the container runtime names a file or an image of ours, or the process a file of ours that it cannot load. The message of an end
 * may be the end of the log (terminationMessagePolicy), in which a JVM names its agent at each start, and stack traces name files through which every call
 * goes: in it, our file must be the one that is not loaded.
 */
function namesOurs(status: ContainerStatus, { signs }: Injected): boolean {
  const isNamed = (text: string): boolean => signs.some((sign) => hasSign(text, sign));
  const { message = '', reason = '' } = failedEnd(status) ?? {};
  if (![CRASH_REASON, HOOK_FAILED].includes(status.reason) && isNamed(status.message)) return true;
  if (NOT_STARTED.has(reason)) return isNamed(message);
  return LOAD_FAILURES.some((failure) =>
    message
      .split(failure)
      .slice(1)
      .some((rest) => signs.some((sign) => startsWithSign(rest.replace(BEFORE_PATH, ''), sign))),
  );
}

/** An image is compared as text. A path is not part of a longer one: an app may have an own `/app/agent` beside our `/agent`. */
function hasSign(text: string, sign: string): boolean {
  if (!sign.startsWith('/')) return text.includes(sign);
  const parts = text.split(sign);
  return parts
    .slice(1)
    .some((rest, index) => !/[\w./-]$/.test(parts[index] ?? '') && startsWithSign(sign + rest, sign));
}

function startsWithSign(text: string, sign: string): boolean {
  return text.startsWith(sign) && !/^[\w.-]/.test(text.slice(sign.length));
}

const SIGTERM = 15;

const MIN_SIGN_LENGTH = 5;

function injectedIn(pod: Pod): Injected {
  const records = (readStatus(pod)?.containers ?? []).filter(isInjected);
  const mounts = records.flatMap((record: InjectedStatus) => Object.entries(record.mounts ?? {}));
  const volumes = new Set(mounts.map(([, volume]) => volume));
  const images = (pod.spec.volumes ?? [])
    .filter(({ name }) => volumes.has(name))
    .map((volume) => textIn(objectIn(volume, 'image'), 'reference'));
  return {
    profiles: Object.fromEntries(records.map(({ profile, hash }) => [profile, hash])),
    containers: new Set(records.map(({ container }) => container)),
    initContainers: new Set(records.flatMap(({ init }) => (init === undefined ? [] : [init]))),
    signs: [...mounts.map(([path]) => path), ...images].filter((sign) => sign.length >= MIN_SIGN_LENGTH),
  };
}

function memoryLimitOf(pod: Pod, name: string): string | undefined {
  const container = containersOf(pod).find((one: Container) => one.name === name);
  const limit = textIn(objectIn(objectIn(container, 'resources'), 'limits'), 'memory');
  return limit === '' ? undefined : limit;
}
