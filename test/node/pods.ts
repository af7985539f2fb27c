import type { Client, KubeObject } from '../support/client.ts';
import type { Pod } from '../support/pod.ts';
import { waitFor } from '../support/wait-for.ts';

interface ContainerState {
  readonly running?: object;
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly terminated?: { readonly reason?: string; readonly message?: string; readonly exitCode: number };
}

interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
}

export interface RunningPod extends Pod {
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

/** What the kubelet does not recover from without a change of the pod, or only with luck. */
const HOPELESS = new Set([
  'RunContainerError',
  'CreateContainerError',
  'CreateContainerConfigError',
  'ErrImageNeverPull',
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'CrashLoopBackOff',
  'StartError',
  'ContainerCannotRun',
]);

const STARTS_WITHIN = { deadline: 150_000, interval: 250 };

function statusesOf({ status }: RunningPod): readonly ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
}

function problemOf(pod: RunningPod): Error | undefined {
  for (const { name, state, lastState } of statusesOf(pod)) {
    const parts = [state?.waiting, state?.terminated, lastState?.terminated];
    const found = parts.find((part) => HOPELESS.has(part?.reason ?? ''));
    if (found) {
      const messages = parts.map((part) => part?.message).filter((text) => text !== undefined);
      return new Error(`container ${name}: ${found.reason}: ${messages.join('; ')}`);
    }
  }
  return pod.status?.phase === 'Failed' ? new Error(`the pod failed: ${JSON.stringify(pod.status)}`) : undefined;
}

/** Waits until all containers of a pod run. Rejects at once with the kubelet's words if one cannot. */
export async function runningPod(client: Client, namespace: string, name: string): Promise<RunningPod> {
  return podThat('runs', client, { namespace, name }, ({ spec, status }) => {
    const running = status?.containerStatuses?.filter(({ state }) => state?.running) ?? [];
    return running.length === spec.containers.length;
  });
}

export async function finishedPod(client: Client, namespace: string, name: string): Promise<RunningPod> {
  return podThat('ends well', client, { namespace, name }, ({ status }) => status?.phase === 'Succeeded');
}

async function podThat(
  what: string,
  client: Client,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  condition: (pod: RunningPod) => boolean,
): Promise<RunningPod> {
  let last: RunningPod | undefined;
  return waitFor(
    `pod ${namespace}/${name}, that it ${what}`,
    async () => {
      last = await client.get<RunningPod>({ kind: 'Pod', namespace, name });
      if (condition(last)) return last;
      const events = await client.list({ kind: 'Event', namespace });
      const own = events.filter((event) => (event['involvedObject'] as KubeObject['metadata'])?.name === name);
      throw new Error(`${JSON.stringify(statusesOf(last))} ${own.map((event) => String(event['message'])).join('; ')}`);
    },
    { ...STARTS_WITHIN, hopeless: () => (last ? problemOf(last) : undefined) },
  );
}

/** The output of a container, as `kubectl logs` reads it: from the kubelet, through the API server. */
export async function logsOf(client: Client, namespace: string, pod: string, container: string): Promise<string> {
  const { status, body } = await client.request(
    'GET',
    `/api/v1/namespaces/${namespace}/pods/${pod}/log?container=${container}`,
  );
  if (status !== 200) throw new Error(`no log of ${namespace}/${pod}: ${JSON.stringify(body)}`);
  return typeof body === 'string' ? body : JSON.stringify(body);
}
