import type { Exec } from '@kubernetes/client-node/dist/exec.js';
import { Readable, Writable } from 'node:stream';
import type { Clock } from '../../lib/clock.ts';
import { deferred } from '../../lib/deferred.ts';
import { isRecord } from '../../lib/json.ts';
import type { Credentials } from './credentials.ts';
import { type Failure, networkFailure } from './errors.ts';
import type { ExecOptions, ExecResponse } from './types.ts';

type Socket = Awaited<ReturnType<Exec['exec']>>;

/** Runs a command in a container, without a terminal and without input, as `kubectl exec` does. Every failure is a value. */
export async function execInContainer(
  credentials: Credentials,
  clock: Clock,
  { namespace, pod, container, command, timeoutMs, maxBytes }: ExecOptions,
): Promise<ExecResponse> {
  // Deep and late: the package's index loads every generated API.
  const [{ Exec: Execution }, { WebSocketHandler }] = await Promise.all([
    import('@kubernetes/client-node/dist/exec.js'),
    import('@kubernetes/client-node/dist/web-socket-handler.js'),
  ]);
  const answer = deferred<ExecResponse>();
  const stdout = new Sink(maxBytes, () => answer.resolve({ kind: 'ok', output: stdout.text(), exitCode: 0 }));
  const stderr = new Sink(MAX_ERROR_BYTES, () => {});
  // Not those of this process, which are the default.
  const streams = { stdin: Readable.from([]), stdout, stderr };
  const handler = new WebSocketHandler(credentials.config(), undefined, streams);
  const onStatus = (status: unknown): void => answer.resolve(responseOf(status, stdout.text(), stderr.text()));
  const cancel = clock.after(timeoutMs, () => answer.resolve({ kind: 'timeout', afterMs: timeoutMs }));
  const execution = new Execution(credentials.config(), handler);
  const opening = execution.exec(namespace, pod, container, [...command], stdout, stderr, null, false, onStatus);
  const opened = watched(opening, answer.resolve);
  try {
    return await answer.promise;
  } finally {
    cancel();
    void terminate(opened);
  }
}

/** The socket once it is open; undefined if it cannot be opened. Its failure and its end are answers, too. */
async function watched(opening: Promise<Socket>, answer: (one: ExecResponse) => void): Promise<Socket | undefined> {
  try {
    const socket = await opening;
    socket.addEventListener('close', () => answer(networkFailure(new Error('the connection was closed'))));
    return socket;
  } catch (error) {
    answer(refusal(error));
    return undefined;
  }
}

async function terminate(opened: Promise<Socket | undefined>): Promise<void> {
  (await opened)?.terminate();
}

const MAX_ERROR_BYTES = 4096;

/** Keeps the first bytes of a stream. */
class Sink extends Writable {
  readonly #maxBytes: number;
  readonly #onFull: () => void;
  readonly #parts: Buffer[] = [];
  #size = 0;

  constructor(maxBytes: number, onFull: () => void) {
    super();
    this.#maxBytes = maxBytes;
    this.#onFull = onFull;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#size < this.#maxBytes) {
      this.#parts.push(chunk);
      this.#size += chunk.length;
      if (this.#size >= this.#maxBytes) this.#onFull();
    }
    done();
  }

  text(): string {
    return Buffer.concat(this.#parts).subarray(0, this.#maxBytes).toString('utf8');
  }
}

/** The last message of the command's connection: a metav1.Status (k8s.io/apimachinery pkg/util/remotecommand). */
function responseOf(status: unknown, output: string, errorOutput: string): ExecResponse {
  if (!isRecord(status)) return { kind: 'not-json', sample: typeof status };
  if (status['status'] === 'Success') return { kind: 'ok', output, exitCode: 0 };
  const details = isRecord(status['details']) ? status['details'] : {};
  const causes: readonly unknown[] = Array.isArray(details['causes']) ? details['causes'] : [];
  const code = causes.find((cause) => isRecord(cause) && cause['reason'] === 'ExitCode');
  const exitCode = isRecord(code) ? Number(code['message']) : Number.NaN;
  if (status['reason'] === 'NonZeroExitCode' && Number.isInteger(exitCode)) return { kind: 'ok', output, exitCode };
  const message = typeof status['message'] === 'string' ? status['message'] : errorOutput;
  return { kind: 'not-started', message };
}

/** Why the connection was not opened. The library passes an event, whose message has the status of the answer and not its body. */
function refusal(error: unknown): Failure {
  const message = isRecord(error) && typeof error['message'] === 'string' ? error['message'] : '';
  const status = /Unexpected server response: (\d+)/.exec(message)?.[1];
  if (status === undefined) return networkFailure(new Error(message));
  return { kind: 'http', status: Number(status), reason: '', message: '', retryAfterMs: 0 };
}
