import { addDebugContainer } from '../../cluster/pods/debug-container.ts';
import { type Inside, readDirectory, readMaps, readPorts } from '../../cluster/pods/inside.ts';
import { readLogStart } from '../../cluster/pods/log.ts';
import type { PodClient } from '../../cluster/client/types.ts';
import type { SignsOfLife } from '../../api/profile/signs-of-life.ts';
import {
  type ContainerFacts,
  judgeSigns,
  linesOfStart,
  placesOf,
  type Reading,
} from '../../diagnostics/liveness/sign.ts';
import type { ContainerStatus } from '../../kubernetes/container-status.ts';
import type { Pod } from '../../kubernetes/pod.ts';
import { systemClock } from '../../lib/clock.ts';

export interface Looked {
  readonly client: PodClient;
  readonly namespace: string;
  readonly pod: Pod;
  readonly status: ContainerStatus;
  readonly signs: SignsOfLife;
  /** Image of an ephemeral container in which commands run instead. */
  readonly debugImage?: string | undefined;
}

/** Reads what the signs need of a container: first its log, and the rest only if the log does not show enough. */
export async function readContainerFacts(of: Looked): Promise<ContainerFacts> {
  const { signs, status } = of;
  const places = placesOf(signs);
  const facts: ContainerFacts = places.log ? { log: await readStart(of) } : {};
  const fromLog = judgeSigns(signs, facts).kind;
  const needsInside = places.directories.length > 0 || places.ports || places.maps;
  if (fromLog === 'alive' || fromLog === 'failed' || !needsInside || status.state !== 'running') return facts;
  return { ...facts, ...(await readInside(of)) };
}

/** Of a container that does not run, the log of its last run. */
async function readStart({
  client,
  namespace,
  pod,
  status,
  signs,
}: Looked): Promise<NonNullable<ContainerFacts['log']>> {
  const { name: container, state, startedAt, restarts } = status;
  const previous = state === 'waiting' && restarts > 0;
  const log = await readLogStart(client, { namespace, pod: pod.metadata?.name ?? '', container, previous });
  return log.ok ? { ok: true, value: linesOfStart(log.value, Date.parse(startedAt), signs.within) } : log;
}

async function readInside(of: Looked): Promise<ContainerFacts> {
  const { client, signs } = of;
  const places = placesOf(signs);
  const inside = await openInside(of);
  const read = async <Value>(reader: (at: Inside) => Promise<Reading<Value>>): Promise<Reading<Value>> =>
    inside.ok ? reader(inside.value) : inside;
  const directories = places.directories.map(
    async (path) => [path, await read((at) => readDirectory(client, at, path))] as const,
  );
  return {
    directories: new Map(await Promise.all(directories)),
    ...(places.ports && { ports: await read((at) => readPorts(client, at)) }),
    ...(places.maps && { maps: await read((at) => readMaps(client, at)) }),
  };
}

async function openInside({ client, namespace, pod, status, debugImage: image }: Looked): Promise<Reading<Inside>> {
  const container = status.name;
  if (image !== undefined) return addDebugContainer(client, { namespace, pod, container, image, clock: systemClock });
  return { ok: true, value: { namespace, pod: pod.metadata?.name ?? '', container, root: '' } };
}
