import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { crane } from '../support/deploy-tools.ts';
import { freePort } from '../support/free-port.ts';
import { makeImage } from '../support/made-image.ts';
import { writeLayout } from '../support/image-layout.ts';
import { type Ended, run } from '../support/process.ts';
import { type Change, type Front, openFront, pass } from './registry/front.ts';
import { type StartedRegistry, startRegistry } from './registry/start.ts';

// A real registry (go-containerregistry), and before it what stands before registries: logins, stores for blobs, limits, and faults.

const image = makeImage({ config: { Env: ['NODE_VERSION=22.18.0'], Entrypoint: ['node'] } });

describe.skipIf(crane === undefined)('agent-injector image, before a registry', () => {
  let dir: string;
  let registry: StartedRegistry;
  let host: string;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'agent-injector-registry-'));
    registry = await startRegistry();
    host = registry.host;
    registry.client('push', writeLayout(join(dir, 'layout'), image), `${host}/shop/web:one`);
    registry.client('index', 'append', '-m', `${host}/shop/web:one`, '-t', `${host}/shop/web:1`);
  });

  afterAll(async () => {
    rmSync(dir, { recursive: true });
    await registry.stop();
  });

  const front = async (change?: Change): Promise<Front> => {
    const opened = await openFront(host, change);
    onTestFinished(opened.close);
    return opened;
  };

  const read = (at: string, ...flags: readonly string[]): Promise<Ended> =>
    run(['image', `${at}/shop/web:1`, '-o', 'json', ...flags]);

  const isRead = (ended: Ended): void => {
    expect(ended, ended.stderr).toMatchObject({ code: 0 });
    expect(JSON.parse(ended.stdout)).toMatchObject({ images: [{ language: { is: 'nodejs', version: '22.18.0' } }] });
  };

  const isBlob = (path: string | undefined): boolean => path?.includes('/blobs/') === true;

  test('a token, for the login of the user’s Docker configuration', async () => {
    const tokens = await front((request, response) => {
      const isRight = request.headers.authorization === `Basic ${Buffer.from('dev:secret').toString('base64')}`;
      response.writeHead(isRight ? 200 : 401).end(JSON.stringify({ token: 'T' }));
    });
    const guarded = await front(async (request, response, behind) => {
      if (request.headers.authorization === 'Bearer T') return pass(response, behind);
      const challenge = `Bearer realm="http://${tokens.host}/token",service="registry",scope="repository:shop/web:pull"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
    });
    mkdirSync(join(dir, 'docker'));
    const auth = Buffer.from('dev:secret').toString('base64');
    writeFileSync(join(dir, 'docker', 'config.json'), JSON.stringify({ auths: { [guarded.host]: { auth } } }));
    const of = (configuration: string): Promise<Ended> =>
      run(['image', `${guarded.host}/shop/web:1`, '-o', 'json'], { env: { DOCKER_CONFIG: configuration } });
    isRead(await of(join(dir, 'docker')));
    expect(tokens.requests[0]?.path).toContain('scope=repository%3Ashop%2Fweb%3Apull');
    const without = await of(join(dir, 'none'));
    expect(without.code).toBe(3);
    expect(without.stderr).toMatch(/gives no token.* 401/);
  });

  test('a store for blobs elsewhere, which does not get the token', async () => {
    const store = await front();
    const redirecting = await front(async (request, response, behind) => {
      if (request.headers.authorization === undefined) {
        const challenge = `Bearer realm="http://${request.headers.host}/token",service="registry"`;
        if (request.url?.startsWith('/token') === true) response.end(JSON.stringify({ token: 'T' }));
        else response.writeHead(401, { 'www-authenticate': challenge }).end();
        return;
      }
      if (!isBlob(request.url)) return pass(response, behind);
      response.writeHead(307, { location: `http://${store.host}${request.url ?? ''}` }).end();
    });
    isRead(await read(redirecting.host));
    expect(store.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  test('a limit that ends is waited for', async () => {
    let isFirst = true;
    const limited = await front(async (_, response, behind) => {
      if (!isFirst) return pass(response, behind);
      isFirst = false;
      response.writeHead(429, { 'retry-after': '1' }).end();
    });
    isRead(await read(limited.host));
  });

  test.each<[name: string, change: Change, message: RegExp]>([
    [
      'other bytes of the config',
      (request, response, behind) =>
        pass(response, behind, (body) => (isBlob(request.url) ? Buffer.concat([body, Buffer.from(' ')]) : body)),
      /digest of the config/,
    ],
    [
      'other bytes of the image’s manifest',
      (request, response, behind) =>
        pass(response, behind, (body) =>
          request.url?.includes('/manifests/sha256:') === true ? Buffer.concat([body, Buffer.from(' ')]) : body,
        ),
      /digest/,
    ],
    [
      'a manifest that is huge',
      (_, response, behind) => pass(response, behind, (body) => Buffer.concat([body, Buffer.alloc(5_000_000, ' ')])),
      /more than \d+ bytes/,
    ],
    [
      'a page of a proxy',
      (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Sign in</html>'),
      /not JSON/,
    ],
    [
      'a limit for hours',
      (_, response) => void response.writeHead(429, { 'retry-after': '3600' }).end(),
      /too many requests/,
    ],
    ['a registry that fails', (_, response) => void response.writeHead(502).end(), /answers 502/],
    ['a connection that ends', (request) => void request.socket.destroy(), /could not be reached/],
  ])('%s: an error that says so', async (_, change, message) => {
    const { host: at } = await front(change);
    const { code, stdout, stderr } = await read(at);
    expect(stderr).toMatch(message);
    expect(code).toBe(3);
    expect(stdout).not.toContain('nodejs');
  });

  test('an index without the platform: the error names those that there are', async () => {
    const { code, stderr } = await read(host, '--platform', 'linux/s390x');
    expect(code).toBe(3);
    expect(stderr).toContain('linux/amd64');
  });

  test('a registry that is dead', async () => {
    const { code, stderr } = await read(`127.0.0.1:${await freePort()}`);
    expect(code).toBe(3);
    expect(stderr).toMatch(/could not be reached/);
  });

  test('a registry that never ends its answer is given up, and the others are read', async () => {
    const slow = await front((_, response) => void response.write('{'));
    const { code, stdout, stderr } = await run([
      'image',
      `${slow.host}/shop/web:1`,
      `${host}/shop/web:1`,
      '-o',
      'json',
    ]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/did not answer within \d+ s/);
    expect(stdout).toContain('nodejs');
  });
});
