import type { LogLine, LogStart, Reading } from '../../diagnostics/liveness/sign.ts';
import { describeFailure, isForbidden } from '../client/errors.ts';
import type { PodClient } from '../client/types.ts';

const TIMEOUT_MS = 15_000;

/** Enough for what an app and its agent write while they start. */
const MAX_START_BYTES = 1024 * 1024;

const MAX_TAIL_BYTES = 16 * 1024;

const TAIL_LINES = 20;

export interface LogOf {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** The log of the container before the last restart. */
  readonly previous?: boolean;
}

/** The start of a log, at most one MiB. */
export function readLogStart(client: PodClient, of: LogOf): Promise<Reading<LogStart>> {
  return readLog(client, of, `limitBytes=${MAX_START_BYTES}`, MAX_START_BYTES);
}

/** The last lines of a log. */
export async function readLogTail(client: PodClient, of: LogOf): Promise<readonly string[]> {
  const log = await readLog(client, of, `tailLines=${TAIL_LINES}`, MAX_TAIL_BYTES);
  return log.ok ? log.value.lines.map(({ text }) => text) : [];
}

async function readLog(client: PodClient, of: LogOf, part: string, maxBytes: number): Promise<Reading<LogStart>> {
  const { namespace, pod, container, previous = false } = of;
  const query = `container=${encodeURIComponent(container)}&previous=${previous}&timestamps=true&${part}`;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log?${query}`;
  const answer = await client.getText(path, { timeoutMs: TIMEOUT_MS, maxBytes });
  if (answer.kind !== 'ok') {
    const why = isForbidden(answer) ? 'you may not read logs (get pods/log)' : describeFailure(answer);
    return { ok: false, error: `the log of container ${container} could not be read: ${why}` };
  }
  const isCut = Buffer.byteLength(answer.text) >= maxBytes;
  return { ok: true, value: { lines: answer.text.split('\n').flatMap(lineOf), isCut } };
}

/** `2026-11-30T10:00:00.000000000Z text`, as `timestamps=true` writes it. */
function lineOf(line: string): readonly LogLine[] {
  const end = line.indexOf(' ');
  const at = Date.parse(line.slice(0, Math.max(0, end)));
  if (line === '') return [];
  return [Number.isNaN(at) ? { at: 0, text: line } : { at, text: line.slice(end + 1) }];
}
