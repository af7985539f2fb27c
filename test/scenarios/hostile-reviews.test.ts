import { readFileSync } from 'node:fs';
import { Agent, request as send } from 'node:https';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { reviewOf } from '../support/webhook-server.ts';
import { start, type Started } from '../support/process.ts';

// Any pod that reaches the port can send any review. The built server gets the worst of them, and its output is checked from outside.

const MAX_LINE_LENGTH = 8 * 1024;

let started: Started;
let agent: Agent;
let ports: { readonly webhook: number; readonly admin: number };
const dir = mkdtempSync(join(tmpdir(), 'agent-injector-hostile-'));

beforeAll(async () => {
  const flags = { host: '127.0.0.1', port: '0', 'admin-port': '0', 'tls-dir': dir, 'drain-seconds': '0', demo: 'true' };
  started = start(['serve', ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value])]);
  const portOf = async (message: string): Promise<number> =>
    Number((await started.logged(({ msg }) => String(msg).startsWith(message)))['port']);
  ports = { admin: await portOf('admin port'), webhook: await portOf('webhook port') };
  agent = new Agent({ ca: readFileSync(join(dir, 'ca.crt')), keepAlive: true, maxSockets: 8 });
});
afterAll(async () => {
  agent.destroy();
  started.child.kill('SIGTERM');
  await started.ended;
  rmSync(dir, { recursive: true });
});

function post(body: object): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const target = { host: '127.0.0.1', port: ports.webhook, path: '/mutate', method: 'POST', agent, headers };
    const sent = send(target, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    sent.on('error', reject);
    sent.end(JSON.stringify(body));
  });
}

/** Texts that grow when they are encoded: three bytes per character, two for a quote, six for an escape. */
const growing = ['\u4e00', '"', '\u0001', '\ud800', '\ud83d\ude00'];

/** Reviews of pods that have the text in every string, each invalid in another way. */
function* reviewsWith(text: string): Generator<object> {
  const long = text.repeat(400);
  const many = <T>(make: (index: number) => T, count = 40): T[] =>
    Array.from({ length: count }, (_, index) => make(index));
  const env = [
    ...many((index) => ({ name: `${long}${index}`, value: long }), 20),
    { name: 'CORECLR_PROFILER', value: long },
  ];
  const container = (index: number): object => ({
    name: `${index}${long}`,
    image: long,
    command: [long],
    args: [long],
    env: index % 2 ? env : [],
  });
  const ours = (keys: readonly string[], value: string): object =>
    Object.fromEntries(keys.map((key) => [`agent-injector.io/${key}`, value]));
  const ownerReferences = [{ apiVersion: long, kind: long, name: long, uid: long, controller: true }];
  const annotations = [
    {},
    ours(
      many((index) => `${index}${long}`),
      long,
    ),
    ours(
      many((index) => `domain-id.agent-injector.io/${index}${long}`),
      long,
    ),
    ...[
      'profile',
      'delivery',
      'containers',
      'inject',
      'domain-id',
      'server-address',
      'claim-name',
      'init-position',
      'libc',
    ].map((key) => ours([key], long)),
    ours(['profile'], Array.from({ length: 200 }, (_, index) => `${index}${long}`).join(',')),
  ];
  for (const own of annotations) {
    const metadata = {
      name: long,
      generateName: long,
      namespace: long,
      labels: ours(
        many((index) => `${index}${long}`),
        long,
      ),
      annotations: own,
      ownerReferences,
    };
    const pod = {
      metadata,
      spec: { containers: many(container, 30), volumes: many((index) => ({ name: `${long}${index}` })) },
    };
    yield reviewOf(pod, { uid: text.repeat(128).slice(0, 128), namespace: long });
    yield reviewOf(
      { ...pod, metadata: { ...metadata, name: undefined, labels: {} } },
      { namespace: long, dryRun: true },
    );
  }
  const plain = { metadata: { name: long, ownerReferences }, spec: { containers: many(container, 30) } };
  yield reviewOf(plain, { namespace: long, operation: long });
  yield reviewOf(plain, { namespace: long, resource: { group: long, resource: long }, subResource: long });
  yield reviewOf(
    { ...plain, spec: { containers: [{ name: long, env: [{ name: long, value: 1 }] }] } },
    { namespace: long },
  );
  yield reviewOf({ spec: { containers: [{ [long]: long }] } }, { namespace: long });
}

it('no line of the log is longer than 8 KiB, whatever the review', async () => {
  let sent = 0;
  for (const text of growing)
    for (const review of reviewsWith(text)) {
      expect(await post(review)).toBe(200);
      sent += 1;
    }
  started.child.kill('SIGTERM');
  const { stdout, stderr } = await started.ended;
  const lines = stdout.trim().split('\n');
  const decisions = lines.filter((line) => (JSON.parse(line) as { msg: string }).msg === 'decision');
  expect(decisions).toHaveLength(sent);
  const longest = Math.max(...lines.map((line) => Buffer.byteLength(line)));
  console.log(`longest line: ${longest} bytes of ${sent} reviews`);
  // A line near the limit shows that the reviews are hostile enough.
  expect(longest).toBeGreaterThan(MAX_LINE_LENGTH / 4);
  expect(longest).toBeLessThanOrEqual(MAX_LINE_LENGTH);
  expect(stderr).toBe('');
}, 120_000);
