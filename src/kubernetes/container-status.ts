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

export type Trouble = 'image' | 'memory' | 'crash' | 'creation';

/** What the kubelet says of a waiting container, where it is not the course of a normal start. Every other reason is one of the runtime. */
const TROUBLES: ReadonlyMap<string, Trouble | undefined> = new Map([
  ['', undefined],
  ['ContainerCreating', undefined],
  ['PodInitializing', undefined],
  ['CrashLoopBackOff', 'crash'],
  ['ErrImagePull', 'image'],
  ['ImagePullBackOff', 'image'],
  ['ErrImageNeverPull', 'image'],
  ['InvalidImageName', 'image'],
  ['ImageInspectError', 'image'],
  ['RegistryUnavailable', 'image'],
]);

/** What keeps a container from running; undefined if it runs, is starting, or has ended well. */
export function troubleOf(status: ContainerStatus): Trouble | undefined {
  const { state, reason, termination } = status;
  if (state === 'running' || hasEndedWell(status)) return undefined;
  if (termination?.reason === 'OOMKilled') return 'memory';
  if (state === 'ended') return 'crash';
  return TROUBLES.has(reason) ? TROUBLES.get(reason) : 'creation';
}

function hasEndedWell({ state, termination }: ContainerStatus): boolean {
  return state === 'ended' && termination?.exitCode === 0;
}
