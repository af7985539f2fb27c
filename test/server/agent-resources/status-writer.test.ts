import { afterEach, expect, it } from 'vitest';
import type { KubeClient, SendOptions } from '../../../src/cluster/client/types.ts';
import { type JsonObject, objectIn, textIn } from '../../../src/lib/json.ts';
import { PROFILE_OWNERSHIP, profileReport } from '../../../src/resources/profile-report.ts';
import type { Report } from '../../../src/resources/status.ts';
import { StatusWriter } from '../../../src/server/agent-resources/status-writer.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const report = (hash: string, generation = 1): Report =>
  profileReport({ generation, problems: [], inService: { vendor: 'Acme', hash } });

/** An API server with one profile, which it changes as it is told to. */
class Server implements KubeClient {
  readonly server = 'test';
  readonly writes: string[] = [];
  installed = true;
  fails = false;
  #generation = 1;
  #status: JsonObject = {};
  #emit: ((line: JsonObject) => void) | undefined;

  profile(): JsonObject {
    const metadata = {
      name: 'acme',
      uid: 'u',
      generation: this.#generation,
      resourceVersion: String(this.writes.length + 1),
    };
    return { apiVersion: 'agent-injector.io/v1alpha1', kind: 'AgentProfile', metadata, status: this.#status };
  }

  /** A user changes the spec. */
  change(): void {
    this.#generation += 1;
    this.#emit?.({ type: 'MODIFIED', object: this.profile() });
  }

  getJson: KubeClient['getJson'] = () =>
    Promise.resolve({ kind: 'ok', body: { resources: this.installed ? [{ name: 'agentprofiles' }] : [] } });

  getItems: KubeClient['getItems'] = async (_, { onItem }) => {
    await onItem(this.profile());
    return { kind: 'ok', body: { metadata: { resourceVersion: '1' } } };
  };

  sendJson = (path: string, { body }: SendOptions): ReturnType<KubeClient['sendJson']> => {
    if (this.fails) return Promise.resolve({ kind: 'http', status: 500, reason: '', message: 'no', retryAfterMs: 0 });
    this.#status = objectIn(body as JsonObject, 'status');
    this.writes.push(`${path} ${textIn(this.#status, 'hash')}`);
    const written = this.profile();
    this.#emit?.({ type: 'MODIFIED', object: written });
    return Promise.resolve({ kind: 'ok', body: written });
  };

  watchLines: KubeClient['watchLines'] = (_, { onLine, signal }) =>
    new Promise((resolve) => {
      this.#emit = onLine;
      signal.addEventListener('abort', () => resolve({ kind: 'aborted' }));
    });
}

const ended: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

/** A writer that leads, and its time. */
function lead(server: Server, reports: () => Report | undefined) {
  const clock = new ManualClock();
  const logger = new RecordingLogger();
  const sources = [{ kind: 'AgentProfile', ownership: PROFILE_OWNERSHIP, reports: () => reports }] as const;
  const writer = new StatusWriter({ client: server, sources, logger, clock, wall: () => 0 });
  const stopping = new AbortController();
  const leading = writer.lead(stopping.signal);
  ended.push(async () => {
    stopping.abort();
    await leading;
  });
  /** Lets it pass for so many seconds. */
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) {
      await settled();
      clock.advance(1_000);
    }
    await settled();
  };
  return { writer, logger, pass };
}

/** Everything that was started has ended: nothing here waits for a real clock or network. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

it('writes once what does not change, under its manager', async () => {
  const server = new Server();
  const { pass } = lead(server, () => report('0123abcd'));
  await pass(300);
  expect(server.writes).toEqual([
    '/apis/agent-injector.io/v1alpha1/agentprofiles/acme/status?fieldManager=agent-injector&force=true 0123abcd',
  ]);
});

it('writes nothing that is written, such as by the replica that led before', async () => {
  const server = new Server();
  const before = lead(server, () => report('0123abcd'));
  await before.pass(3);
  for (const end of ended.splice(0)) await end();
  await lead(server, () => report('0123abcd')).pass(60);
  expect(server.writes).toHaveLength(1);
});

it('writes what changes all the time twice in a minute', async () => {
  const server = new Server();
  let count = 0;
  const { pass } = lead(server, () => report(String((count += 1))));
  await pass(3);
  expect(server.writes).toHaveLength(1);
  await pass(60);
  expect(server.writes).toHaveLength(3);
});

it('reports a new generation at once', async () => {
  const server = new Server();
  let current = report('0000000a');
  const { pass } = lead(server, () => current);
  await pass(3);
  current = report('0000000b', 2);
  server.change();
  await pass(2);
  expect(server.writes).toHaveLength(2);
});

it('tries again after a failure, which it logs', async () => {
  const server = new Server();
  server.fails = true;
  const { writer, logger, pass } = lead(server, () => report('0123abcd'));
  await pass(2);
  expect(writer.writes).toEqual({ written: 0, failed: 1 });
  expect(logger.of('warn')).toHaveLength(1);
  server.fails = false;
  await pass(6);
  expect(writer.writes).toEqual({ written: 1, failed: 1 });
});

it('begins when the kind is installed, and ends when it is not any more', async () => {
  const server = new Server();
  server.installed = false;
  const { logger, pass } = lead(server, () => report('0123abcd'));
  await pass(15);
  expect(server.writes).toEqual([]);
  server.installed = true;
  await pass(15);
  expect(server.writes).toHaveLength(1);
  server.installed = false;
  await pass(30);
  expect(logger.of('info').filter((message) => message.includes('no longer installed'))).toHaveLength(1);
});

it('says nothing of what was not judged', async () => {
  const server = new Server();
  const { pass } = lead(server, () => undefined);
  await pass(60);
  expect(server.writes).toEqual([]);
});
