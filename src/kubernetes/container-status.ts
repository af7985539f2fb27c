import { type JsonObject, objectIn, objectsIn, textIn } from '../lib/json.ts';

/** What the kubelet reports of a container that has ended. */
export interface Termination {
  readonly exitCode: number;
  /** `Error`, `OOMKilled`, `StartError`… */
  readonly reason: string;
  readonly message: string;
  /** Of a container that was ended by one. */
  readonly signal: number | undefined;
  /** As RFC 3339. */
  readonly finishedAt: string;
}

/** The state of a container, by the status of its pod. */
export interface ContainerStatus {
  readonly name: string;
  readonly isInit: boolean;
  readonly restarts: number;
  readonly ready: boolean;
  /** `waiting` also if the kubelet has not reported anything yet. */
  readonly state: 'waiting' | 'running' | 'ended';
  /** Of a waiting container: `CrashLoopBackOff`, `ImagePullBackOff`… */
  readonly reason: string;
  readonly message: string;
  /** When it started, as RFC 3339; empty if it does not run. */
  readonly startedAt: string;
  /** Of an ended container, or of the one before it. */
  readonly termination: Termination | undefined;
}

/** The states of all containers of a pod, init containers first. A pod that no kubelet has reported on has none. */
export function containerStatusesOf(pod: JsonObject): readonly ContainerStatus[] {
  const status = objectIn(pod, 'status');
  return [
    ...objectsIn(status, 'initContainerStatuses').map((one) => statusOf(one, true)),
    ...objectsIn(status, 'containerStatuses').map((one) => statusOf(one, false)),
  ];
}

function statusOf(object: JsonObject, isInit: boolean): ContainerStatus {
  const { restartCount, ready } = object;
  const state = objectIn(object, 'state');
  const waiting = objectIn(state, 'waiting');
  const ended = terminationIn(state);
  const isRunning = state['running'] !== undefined && state['running'] !== null;
  return {
    name: textIn(object, 'name'),
    isInit,
    restarts: typeof restartCount === 'number' ? restartCount : 0,
    ready: ready === true,
    state: ended ? 'ended' : isRunning ? 'running' : 'waiting',
    reason: textIn(waiting, 'reason'),
    message: textIn(waiting, 'message'),
    startedAt: textIn(objectIn(state, 'running'), 'startedAt'),
    termination: ended ?? terminationIn(objectIn(object, 'lastState')),
  };
}

function terminationIn(state: JsonObject): Termination | undefined {
  const terminated = objectIn(state, 'terminated');
  const { exitCode, signal } = terminated;
  if (typeof exitCode !== 'number') return undefined;
  return {
    exitCode,
    reason: textIn(terminated, 'reason'),
    message: textIn(terminated, 'message'),
    signal: typeof signal === 'number' ? signal : undefined,
    finishedAt: textIn(terminated, 'finishedAt'),
  };
}

export type Trouble = 'image' | 'memory' | 'crash' | 'creation';

/** The words of the kubelet for an image that cannot be had (k8s.io/kubernetes pkg/kubelet/images/types.go). */
export const IMAGE_REASONS: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ImageInspectError',
  'RegistryUnavailable',
  'SignatureValidationFailed',
]);

export const CRASH_REASON = 'CrashLoopBackOff';

/** The course of a normal start. */
const STARTING: ReadonlySet<string> = new Set(['', 'ContainerCreating', 'PodInitializing']);

/** What a container waits for, where it is not the course of a normal start. Every other reason is one of the runtime. */
export function waitingTrouble(reason: string): Trouble | undefined {
  if (STARTING.has(reason)) return undefined;
  if (reason === CRASH_REASON) return 'crash';
  return IMAGE_REASONS.has(reason) ? 'image' : 'creation';
}

/** What keeps a container from running; undefined if it runs, is starting, or has ended well. */
export function troubleOf(status: ContainerStatus): Trouble | undefined {
  const { state, reason, termination } = status;
  if (state === 'running' || hasEndedWell(status)) return undefined;
  if (termination?.reason === 'OOMKilled') return 'memory';
  if (state === 'ended') return 'crash';
  return waitingTrouble(reason);
}

function hasEndedWell({ state, termination }: ContainerStatus): boolean {
  return state === 'ended' && termination?.exitCode === 0;
}
