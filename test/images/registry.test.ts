import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Credentials } from '../../src/images/docker-credentials.ts';
import { send } from '../../src/images/http.ts';
import { ImageError } from '../../src/images/image-error.ts';
import { type Image, readImage } from '../../src/images/image.ts';
import { parseReference } from '../../src/kubernetes/images/reference.ts';
import { Registry } from '../../src/images/registry.ts';
import { makeImage, sha256 } from '../support/made-image.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(answer: Answer): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const image = makeImage({ config: { Env: ['NODE_OPTIONS=--max-old-space-size=200'], User: '1000' } });

/** A registry with the image as shop/web:1, its answers changed for some paths. */
function serving(changed: Readonly<Record<string, Answer>> = {}): Answer {
  const documents: Readonly<Record<string, Buffer>> = {
    '/v2/shop/web/manifests/1': image.index,
    [`/v2/shop/web/manifests/${sha256(image.index)}`]: image.index,
    [`/v2/shop/web/manifests/${sha256(image.manifest)}`]: image.manifest,
    [`/v2/shop/web/blobs/${sha256(image.config)}`]: image.config,
  };
  return (request, response) => {
    const path = request.url ?? '';
    const change = changed[path];
    if (change) return change(request, response);
    const bytes = documents[path];
    response.statusCode = bytes ? 200 : 404;
    response.end(bytes ?? '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
  };
}

async function read(
  host: string,
  {
    version = ':1',
    platform = 'linux/amd64',
    credentials,
  }: { version?: string; platform?: string; credentials?: Credentials } = {},
): Promise<Image> {
  const parsed = parseReference(`${host}/shop/web${version}`);
  if (!parsed.ok) throw new Error(parsed.error);
  const registry = new Registry(parsed.value, {
    credentials: () => Promise.resolve(credentials),
    wait: () => Promise.resolve(),
  });
  return readImage(registry, platform);
}

const MANIFEST = '/v2/shop/web/manifests/1';
const CONFIG = `/v2/shop/web/blobs/${sha256(image.config)}`;

describe('an image in a registry', () => {
  it('is read through its index', async () => {
    const host = await listen(serving());
    expect(await read(host)).toMatchObject({
      digest: sha256(image.index),
      platform: 'linux/amd64',
      platforms: ['linux/amd64'],
      config: { config: { User: '1000' } },
    });
    expect(await read(host, { version: `@${sha256(image.index)}` })).toMatchObject({ digest: sha256(image.index) });
  });

  it('is read with a token, which the host of the blob does not get', async () => {
    const seen: (string | undefined)[] = [];
    const store = await listen((request, response) => {
      seen.push(request.headers.authorization);
      response.end(image.config);
    });
    const tokens = await listen((request, response) => {
      const url = new URL(request.url ?? '', 'http://x');
      const isRight =
        request.headers.authorization === `Basic ${Buffer.from('user:secret').toString('base64')}` &&
        url.searchParams.get('service') === 'registry' &&
        url.searchParams.get('scope') === 'repository:shop/web:pull';
      response.statusCode = isRight ? 200 : 403;
      response.end(JSON.stringify({ token: 'T' }));
    });
    const inner = serving({
      [CONFIG]: (_, response) => {
        response.writeHead(307, { location: `http://${store}/blob` }).end();
      },
    });
    const host = await listen((request, response) => {
      if (request.headers.authorization === 'Bearer T') return inner(request, response);
      response.writeHead(401, {
        'www-authenticate': `Bearer realm="http://${tokens}/token",service="registry",scope="repository:shop/web:pull"`,
      });
      response.end();
    });
    expect(await read(host, { credentials: { kind: 'basic', username: 'user', password: 'secret' } })).toMatchObject({
      platform: 'linux/amd64',
    });
    expect(seen).toEqual([undefined]);
    await expect(read(host)).rejects.toThrow(/gives no token.*403/);
  });

  it.each<[string, Credentials]>([
    ['a password', { kind: 'basic', username: 'user', password: 'secret' }],
    ['an identity token', { kind: 'identityToken', token: 'secret' }],
  ])('the host of the blob cannot ask for %s', async (_, credentials) => {
    let asked = 0;
    const tokens = await listen((_request, response) => {
      asked++;
      response.end(JSON.stringify({ token: 'T' }));
    });
    const store = await listen((_request, response) => {
      response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${tokens}/token"` }).end();
    });
    const host = await listen(
      serving({
        [CONFIG]: (_request, response) => void response.writeHead(307, { location: `http://${store}/` }).end(),
      }),
    );
    await expect(read(host, { credentials })).rejects.toThrow(/401/);
    expect(asked).toBe(0);
  });

  it('a token that is no header value is an error that says so', async () => {
    const tokens = await listen((_, response) => void response.end(JSON.stringify({ token: 'a\nb' })));
    const host = await listen((_, response) => {
      response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${tokens}/token"` }).end();
    });
    await expect(read(host)).rejects.toThrow(ImageError);
  });

  it.each([
    'Basic realm="x", Bearer realm="%s"',
    'Bearer realm="%s", Basic realm="x"',
    'bearer service="x",realm="%s"',
  ])('the challenge %s leads to a token', async (header) => {
    const tokens = await listen((_, response) => void response.end(JSON.stringify({ token: 'T' })));
    const inner = serving();
    const host = await listen((request, response) => {
      if (request.headers.authorization === 'Bearer T') return inner(request, response);
      response.writeHead(401, { 'www-authenticate': header.replace('%s', `http://${tokens}/token`) }).end();
    });
    await expect(read(host)).resolves.toBeDefined();
  });

  it('is read with the identity token of a login, which is exchanged', async () => {
    const tokens = await listen((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        const form = new URLSearchParams(body);
        response.statusCode =
          form.get('refresh_token') === 'R' && form.get('grant_type') === 'refresh_token' ? 200 : 403;
        response.end(JSON.stringify({ access_token: 'T' }));
      });
    });
    const inner = serving();
    const host = await listen((request, response) => {
      if (request.headers.authorization === 'Bearer T') return inner(request, response);
      response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${tokens}/token"` }).end();
    });
    await expect(read(host, { credentials: { kind: 'identityToken', token: 'R' } })).resolves.toBeDefined();
  });

  it('is asked for again where the registry says when', async () => {
    let asked = 0;
    const host = await listen(
      serving({
        [MANIFEST]: (_, response) => {
          asked++;
          if (asked === 1) response.writeHead(429, { 'retry-after': '2' }).end();
          else response.end(image.index);
        },
      }),
    );
    await expect(read(host)).resolves.toBeDefined();
    expect(asked).toBe(2);
  });

  const status =
    (code: number, headers: Readonly<Record<string, string>> = {}): Answer =>
    (_, response) => {
      response.writeHead(code, headers).end();
    };

  it.each<[name: string, path: string, answer: Answer, message: RegExp]>([
    ['is not there', MANIFEST, status(404), /has no shop\/web with 1/],
    ['is refused', MANIFEST, status(403), /needs a login/],
    ['is limited for long', MANIFEST, status(429, { 'retry-after': '3600' }), /too many requests/],
    ['is limited for ever', MANIFEST, status(429), /too many requests/],
    ['is broken', MANIFEST, status(500), /answers 500/],
    ['asks for a login of an unknown kind', MANIFEST, status(401, { 'www-authenticate': 'Negotiate' }), /unknown kind/],
    [
      'wants a token over plain HTTP from elsewhere',
      MANIFEST,
      status(401, { 'www-authenticate': 'Bearer realm="http://tokens.example.com/"' }),
      /which is not https/,
    ],
    ['redirects in a circle', MANIFEST, status(307, { location: MANIFEST }), /redirects more than/],
    ['redirects to a file', MANIFEST, status(307, { location: 'file:///etc/passwd' }), /to file:/],
    [
      'sends a manifest that is huge',
      MANIFEST,
      (_, response) => void response.end(Buffer.alloc(5e6, ' ')),
      /more than \d+ bytes/,
    ],
    ['sends a manifest that is HTML', MANIFEST, (_, response) => void response.end('<html>'), /not JSON/],
    [
      'sends a manifest of another kind',
      MANIFEST,
      (_, response) => void response.end('{"schemaVersion":1}'),
      /neither/,
    ],
    ['sends another config', CONFIG, (_, response) => void response.end('{}'), /digest of the config/],
    ['breaks off', MANIFEST, (request) => void request.socket.destroy(), /could not be reached/],
  ])('%s: an error that says so', async (_, path, answer, message) => {
    const host = await listen(serving({ [path]: answer }));
    await expect(read(host)).rejects.toThrow(message);
  });

  it('has no image for the platform: the error names those that there are', async () => {
    const host = await listen(serving());
    await expect(read(host, { platform: 'linux/s390x' })).rejects.toThrow(/only for linux\/amd64$/);
  });

  it('another digest than asked for is refused', async () => {
    const wrong = `sha256:${'0'.repeat(64)}`;
    const host = await listen(
      serving({ [`/v2/shop/web/manifests/${wrong}`]: (_, response) => void response.end(image.index) }),
    );
    await expect(read(host, { version: `@${wrong}` })).rejects.toThrow(/digest of the manifest/);
  });

  it('nested indexes end', async () => {
    const levels: Record<string, Answer> = {};
    let inner = image.manifest;
    for (let depth = 0; depth < 5; depth++) {
      inner = Buffer.from(JSON.stringify({ manifests: [{ digest: sha256(inner) }] }));
      const bytes = inner;
      levels[`/v2/shop/web/manifests/${sha256(inner)}`] = (_, response) => void response.end(bytes);
    }
    const host = await listen(serving({ ...levels, [MANIFEST]: (_, response) => void response.end(inner) }));
    await expect(read(host)).rejects.toThrow(/nested/);
  });

  it('a server that does not answer is given up', async () => {
    const host = await listen(() => {});
    await expect(send({ url: new URL(`http://${host}/`), headers: {}, maxBytes: 1 }, 50)).rejects.toThrow(
      /within 0.05 s/,
    );
  });

  it('a server that never ends its answer is given up', async () => {
    const host = await listen((_, response) => void response.write('x'));
    await expect(send({ url: new URL(`http://${host}/`), headers: {}, maxBytes: 9 }, 50)).rejects.toThrow(
      /within 0.05 s/,
    );
  });
});
