import type { Reading } from '../../diagnostics/liveness/sign.ts';
import { containersOf, type Pod } from '../../kubernetes/pod.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import { isObject, type JsonObject, objectIn, objectsIn, textIn } from '../../lib/json.ts';
import { describeFailure, isForbidden } from '../client/errors.ts';
import type { PodClient } from '../client/types.ts';
import { readOnce } from '../one-shot.ts';
import type { Inside } from './inside.ts';

const LIMITS = { timeoutMs: 15_000, maxBytes: 4 * 1024 * 1024 };

/** The container ends by itself; its entry stays in the pod. */
const SECONDS = 120;

const STARTS_WITHIN_MS = 60_000;

const INTERVAL_MS = 1000;

export interface DebugOptions {
  readonly namespace: string;
  readonly pod: Pod;
  readonly container: string;
  /** An image with `ls`, `cat` and `sleep`. */
  readonly image: string;
  readonly clock: Clock;
}

/** Adds an ephemeral container that sees the processes and files of the container, and waits until it runs. */
export async function addDebugContainer(client: PodClient, options: DebugOptions): Promise<Reading<Inside>> {
  const { namespace, pod, container, image, clock } = options;
  const podName = pod.metadata?.name ?? '';
  const name = nameFor(pod);
  const body = {
    spec: {
      ephemeralContainers: [
        {
          name,
          image,
          command: ['sleep', String(SECONDS)],
          targetContainerName: container,
          securityContext: sameRights(pod, container),
        },
      ],
    },
  };
  const at = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(podName)}`;
  const contentType = 'application/strategic-merge-patch+json';
  const added = await client.sendJson(`${at}/ephemeralcontainers`, { ...LIMITS, method: 'PATCH', body, contentType });
  if (added.kind !== 'ok') {
    const why = isForbidden(added) ? 'you may not (patch pods/ephemeralcontainers)' : describeFailure(added);
    return { ok: false, error: `an ephemeral container could not be added: ${why}` };
  }
  const inside = { namespace, pod: podName, container: name, root: '/proc/1/root' };
  const deadline = clock.now() + STARTS_WITHIN_MS;
  while (clock.now() < deadline) {
    // oxlint-disable-next-line no-await-in-loop -- until it runs
    const answer = await readOnce(client, at);
    if (answer.kind === 'ok' && isRunning(answer.body, name)) return { ok: true, value: inside };
    // oxlint-disable-next-line no-await-in-loop -- the interval
    await sleep(clock, INTERVAL_MS);
  }
  return { ok: false, error: `the ephemeral container ${name} did not start within ${STARTS_WITHIN_MS / 1000} s` };
}

/** A name that the pod does not have yet: an ephemeral container cannot be removed. */
function nameFor(pod: Pod): string {
  const names = new Set(objectsIn(pod.spec, 'ephemeralContainers').map((one) => textIn(one, 'name')));
  let count = 1;
  while (names.has(`agent-injector-verify-${count}`)) count++;
  return `agent-injector-verify-${count}`;
}

/** Of the security context of a pod, all but `capabilities` and `allowPrivilegeEscalation`, which only containers have. */
const FIELDS = [
  'runAsUser',
  'runAsGroup',
  'runAsNonRoot',
  'seccompProfile',
  'capabilities',
  'allowPrivilegeEscalation',
];

/** Only a process of the same user, with the same capabilities, may read the files of another. What Pod Security lets in there, it lets in here. */
function sameRights(pod: Pod, container: string): JsonObject {
  const own = containersOf(pod).find(({ name }) => name === container);
  const given: JsonObject = { ...objectIn(pod.spec, 'securityContext'), ...objectIn(own, 'securityContext') };
  return Object.fromEntries(
    FIELDS.flatMap((field) => (given[field] === undefined ? [] : [[field, given[field]] as const])),
  );
}

function isRunning(pod: JsonObject, name: string): boolean {
  const statuses = objectsIn(objectIn(pod, 'status'), 'ephemeralContainerStatuses');
  const status = statuses.find((one) => textIn(one, 'name') === name);
  return isObject(objectIn(status, 'state')['running']);
}
