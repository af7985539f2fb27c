import { listeningPorts } from '../../diagnostics/liveness/listening-ports.ts';
import type { Lines, Reading } from '../../diagnostics/liveness/sign.ts';
import { describeFailure } from '../client/errors.ts';
import type { PodClient } from '../client/types.ts';

const TIMEOUT_MS = 15_000;

/** A process of a large JVM maps some thousand files and areas, of about 100 bytes each. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Processes whose mapped files are read. */
const MAX_PROCESSES = 30;

/** A container in which commands run. */
export interface Inside {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Where the files of the container of interest are: empty in this container itself. */
  readonly root: string;
}

/** The names in a directory. One that does not exist has none. */
export async function readDirectory(
  client: PodClient,
  inside: Inside,
  path: string,
): Promise<Reading<readonly string[]>> {
  const found = await run(client, inside, ['ls', '-a', '--', `${inside.root}${path}/`]);
  if (!found.ok) return found;
  return { ok: true, value: found.value.output.split('\n') };
}

/** The ports on which a process of the pod listens. */
export async function readPorts(client: PodClient, inside: Inside): Promise<Reading<ReadonlySet<number>>> {
  const found = await run(client, inside, ['cat', '/proc/net/tcp', '/proc/net/tcp6']);
  if (!found.ok) return found;
  return { ok: true, value: listeningPorts(found.value.output) };
}

/**
 * The mapped files of the processes: process 1, and others where that is a shell or belongs to another container. Partial if those of process 1 may not
 * be read by the user of the container.
 */
export async function readMaps(client: PodClient, inside: Inside): Promise<Reading<Lines>> {
  const first = await run(client, inside, ['cat', '/proc/1/maps']);
  const list = await run(client, inside, ['ls', '/proc']);
  if (!first.ok) return first;
  if (!list.ok) return list;
  const pids = list.value.output.split('\n').filter((name) => /^\d+$/.test(name) && name !== '1');
  const files = pids.toSorted((one, other) => Number(one) - Number(other)).slice(0, MAX_PROCESSES);
  // Processes that have ended meanwhile, as `ls` has, are errors of `cat`.
  const others = await run(client, inside, ['cat', ...files.map((pid) => `/proc/${pid}/maps`)]);
  const output = first.value.output + (others.ok ? others.value.output : '');
  const lines = output.split('\n').filter((line) => line.includes('/'));
  return { ok: true, value: { lines, isPartial: first.value.exitCode !== 0 } };
}

/** A file that is not there, or a process that has ended meanwhile, is no failure of the command as a whole. */
async function run(
  client: PodClient,
  { namespace, pod, container }: Inside,
  command: readonly string[],
): Promise<Reading<{ readonly output: string; readonly exitCode: number }>> {
  const limits = { timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES };
  const answer = await client.exec({ namespace, pod, container, command, ...limits });
  if (answer.kind === 'ok') return { ok: true, value: answer };
  const program = command[0] ?? '';
  return { ok: false, error: `${program} in container ${container} could not be run: ${whyNot(answer)}` };
}

function whyNot(answer: Exclude<Awaited<ReturnType<PodClient['exec']>>, { kind: 'ok' }>): string {
  if (answer.kind === 'not-started') return 'its image has no such command, so use --debug-image';
  if (answer.kind === 'http' && answer.status === 403)
    return 'you may not run commands in pods (create and get pods/exec)';
  return describeFailure(answer);
}
