import { type JsonObject, objectIn, objectsIn, textIn } from '../lib/json.ts';

/** What the kubelet reports of a container that has ended. */
export interface Termination {
  readonly exitCode: number;
  /** `Error`, `OOMKilled`, `StartError`… */
  readonly reason: string;
  readonly message: string;
}

/** The state of a container, by the status of its pod. */
export interface ContainerStatus {
  readonly name: string;
  readonly isInit: boolean;
  readonly restarts: number;
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
  const { restartCount } = object;
  const state = objectIn(object, 'state');
  const waiting = objectIn(state, 'waiting');
  const ended = terminationIn(state);
  const isRunning = state['running'] !== undefined && state['running'] !== null;
  return {
    name: textIn(object, 'name'),
    isInit,
    restarts: typeof restartCount === 'number' ? restartCount : 0,
    state: ended ? 'ended' : isRunning ? 'running' : 'waiting',
    reason: textIn(waiting, 'reason'),
    message: textIn(waiting, 'message'),
    startedAt: textIn(objectIn(state, 'running'), 'startedAt'),
    termination: ended ?? terminationIn(objectIn(object, 'lastState')),
  };
}

function terminationIn(state: JsonObject): Termination | undefined {
  const terminated = objectIn(state, 'terminated');
  const { exitCode } = terminated;
  if (typeof exitCode !== 'number') return undefined;
  return { exitCode, reason: textIn(terminated, 'reason'), message: textIn(terminated, 'message') };
}

/** Why the image of a container cannot be had, in the words of the kubelet. */
const IMAGE_REASONS: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ImageInspectError',
  'RegistryUnavailable',
]);

/** Reasons of waiting that the kubelet recovers from by itself, in the course of a normal start. */
const NORMAL_REASONS: ReadonlySet<string> = new Set(['', 'ContainerCreating', 'PodInitializing']);

export type Trouble = 'image' | 'memory' | 'crash' | 'creation';

/** What keeps a container from running; undefined if it runs, is starting, or has ended well. */
export function troubleOf({ state, reason, termination }: ContainerStatus): Trouble | undefined {
  if (state === 'running') return undefined;
  if (state === 'ended' && termination?.exitCode === 0) return undefined;
  if (termination?.reason === 'OOMKilled') return 'memory';
  if (state === 'ended') return 'crash';
  if (IMAGE_REASONS.has(reason)) return 'image';
  if (reason === 'CrashLoopBackOff') return 'crash';
  return NORMAL_REASONS.has(reason) ? undefined : 'creation';
}
