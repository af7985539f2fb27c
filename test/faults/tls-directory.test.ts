import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { issueServerCertificate } from '../../src/certificates/issue.ts';
import { startInjector, type Injector } from '../support/injector.ts';
import { waitFor } from '../support/wait-for.ts';
import { startLoad } from './load-workers.ts';
import { figure } from './figure.ts';
import { shopFile } from './shop.ts';

// The TLS directory is a separate file system in a mount namespace of the server, so that it can be filled without affecting other processes.

let dir: string;
let tls: string;
let namespaces: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'agent-injector-tls-full-'));
  namespaces = shopFile(dir);
  tls = join(dir, 'tls');
  mkdirSync(tls);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const MOUNT = 'mount -t tmpfs -o size=64k tmpfs "$TLS" || exit 99;';
const FILL = 'head -c 1000000 /dev/zero > "$TLS/filler" 2>/dev/null;';
const RUN = '"$@"; code=$?; echo "left: $(ls -A "$TLS")"; exit $code';

/** Starts the server after a script has mounted something over its TLS directory. */
async function startMounted(script: string): Promise<Injector> {
  const mounts = process.getuid?.() === 0 ? ['-m'] : ['-r', '-m'];
  const through = ['unshare', ...mounts, 'sh', '-c', script, 'sh'];
  const flags = { namespaces, 'tls-dir': tls };
  const injector = await startInjector({ through, env: { TLS: tls }, flags });
  onTestFinished(async () => void (await injector.stop()));
  await injector.ready();
  return injector;
}

test('a server that starts with a full disk ends with an error, and leaves no incomplete file', async () => {
  const error = await startMounted(MOUNT + FILL + RUN).catch(String);
  expect(error).toMatch(/ended \(code 2, .*\(ENOSPC\)/s);
  expect(error).toMatch(/left: filler\n$/);
});

test('a server that starts with an empty read-only directory ends with an error', async () => {
  const script = `${MOUNT} mount -o remount,ro "$TLS"; ${RUN}`;
  await expect(startMounted(script)).rejects.toThrow(/ended \(code 2, .*\(EROFS\)/s);
});

test('a server uses the certificate in a read-only directory, such as a mounted Secret', async () => {
  const issued = await issueServerCertificate(['localhost', '127.0.0.1'], new Date());
  for (const [name, text] of [
    ['tls.crt', issued.cert],
    ['tls.key', issued.key],
    ['ca.crt', issued.ca],
  ] as const)
    writeFileSync(join(tls, name), text);
  const injector = await startMounted('mount --bind "$TLS" "$TLS" && mount -o remount,ro,bind "$TLS"; exec "$@"');
  const { wrong } = await startLoad(injector).end();
  expect(wrong).toEqual([]);
});

test('a server keeps serving when its disk is full and its certificate was deleted, and renews once there is space', async () => {
  const injector = await startMounted(`${MOUNT} exec "$@"`);
  const inside = join(`/proc/${injector.process.pid}/root`, tls);
  const first = readFileSync(join(inside, 'tls.crt'), 'utf8');
  const load = startLoad(injector);
  expect(() => writeFileSync(join(inside, 'filler'), Buffer.alloc(1_000_000))).toThrow('ENOSPC');
  for (const name of ['tls.crt', 'tls.key', 'ca.crt']) rmSync(join(inside, name));
  writeFileSync(join(inside, 'filler'), '', { flag: 'a' });
  expect(() => writeFileSync(join(inside, 'more'), Buffer.alloc(100_000))).toThrow('ENOSPC');

  await waitFor('the error in the log', () => injector.lines().some(({ msg }) => msg.includes('(ENOSPC)')));
  expect((await injector.ask('/metrics')).text).toContain('\nagent_injector_certificate_problem 1\n');
  expect((await injector.ask('/readyz')).status).toBe(200);
  const before = load.soFar();
  await waitFor('more answers', () => load.soFar().reviews > before.reviews + 100);
  figure('tls-full', (await load.end()).wrong.length);
  expect(readdirSync(inside).toSorted()).toEqual(['filler', 'more']);

  for (const name of ['filler', 'more']) rmSync(join(inside, name));
  const freed = performance.now();
  const renewed = await waitFor('a new certificate', async () => {
    const served = await certificateOf(injector);
    return served !== first && served;
  });
  figure('tls-full-recovery', Math.round((performance.now() - freed) / 100) / 10);
  expect(readFileSync(join(inside, 'tls.crt'), 'utf8').trim()).toBe(renewed.trim());
  expect((await injector.ask('/metrics')).text).toContain('\nagent_injector_certificate_problem 0\n');
});

/** The certificate that the server presents, PEM. */
async function certificateOf({ url }: Injector): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    // Trust is verified by other tests.
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
      const presented = socket.getPeerX509Certificate()?.toString() ?? '';
      socket.destroy();
      resolve(presented);
    });
    socket.on('error', reject);
  });
}
