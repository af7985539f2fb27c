import { connect, type ConnectionOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namespace, pod } from '../support/fixtures.ts';
import { reviewOf, startServer, type TestServer } from '../support/webhook-server.ts';

// The port is open to every pod. These are bytes that no HTTP library sends.

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ namespaces: [namespace()] });
});
afterAll(() => server.close());

/** Sends bytes over TLS. Resolves with everything that is received until the server closes the connection. */
function send(bytes: string, options: ConnectionOptions = {}): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: server.port, ca: server.ca, ...options });
    let received = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => (received += chunk));
    socket.once('secureConnect', () => socket.write(bytes));
    socket.on('error', ({ message }) => resolve(`${received}${message}`));
    socket.once('close', () => resolve(received));
  });
}

const review = JSON.stringify(reviewOf(pod()));
const request = (line: string, headers = '', body = review): string =>
  `${line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const framed = (headers: string, body = ''): string =>
  `POST /mutate HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n${headers}\r\n${body}`;
const statuses = (text: string): readonly number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));

const smuggled = 'POST /mutate HTTP/1.1\r\nHost: x\r\n\r\n';

describe('ambiguous bytes get one answer, and no second request', () => {
  it.each([
    [
      'a length in addition to chunks',
      framed('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${smuggled}`),
      400,
    ],
    ['two lengths', framed('Content-Length: 2\r\nContent-Length: 40\r\n', `{}${smuggled}`), 400],
    ['a negative length', framed('Content-Length: -1\r\n', smuggled), 400],
    ['a length that is not a number', framed('Content-Length: 1e1\r\n', smuggled), 400],
    ['a header name with a trailing space', framed('Transfer-Encoding : chunked\r\n', `0\r\n\r\n${smuggled}`), 400],
    ['a chunk with an invalid length', framed('Transfer-Encoding: chunked\r\n', `zz\r\n\r\n${smuggled}`), 400],
    ['lines that end without a carriage return', request('POST /mutate').replaceAll('\r\n', '\n'), 400],
    ['a header folded over two lines', framed(' folded: 1\r\n', smuggled), 400],
    ['a control character in a header', framed('X-A: a\u0001b\r\n'), 400],
    ['no host', request('POST /mutate').replace('Host: x\r\n', ''), 400],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['an unknown method', request('STEAL /mutate'), 400],
    ['a path without a slash', request('POST mutate'), 400],
    ['a query without a path', request('POST ?/mutate'), 400],
    ['headers of 20 KB', framed(`X-A: ${'a'.repeat(20_000)}\r\n`), 431],
    ['3,000 headers', framed(Array.from({ length: 3000 }, (_, index) => `x${index}: 1\r\n`).join('')), 431],
    ['a path of 20 KB', request(`POST /mutate?${'a'.repeat(20_000)}`), 431],
    ['an unknown expectation', framed('Expect: miracles\r\nContent-Length: 0\r\n'), 417],
  ])('%s', async (_, bytes, status) => {
    const before = server.lines.length;
    const answer = await send(bytes);
    expect(statuses(answer)).toEqual([status]);
    expect(server.lines).toHaveLength(before);
    // In plain text, without a word about the software.
    expect(answer).not.toMatch(/json|FST_|fastify|[{}]/i);
  });

  it.each([
    ['gzip, chunked', 501],
    ['chunked, chunked', 400],
    ['deflate, chunked', 501],
    ['x, chunked', 501],
    ['Chunked', 501],
    ['chunked', 400],
  ])('a body with Transfer-Encoding: %s', async (encoding, status) => {
    const answer = await send(framed(`Transfer-Encoding: ${encoding}\r\n`, '0\r\n\r\n'));
    expect(statuses(answer)).toEqual([status]);
    expect(answer).toMatch(/^content-type: text\/plain/im);
  });
});

describe('the server has two paths, one spelling of each, and one method', () => {
  it.each([
    'POST /%6dutate',
    'POST /mutate/%72equired',
    'POST https://evil/mutate',
    'POST http://localhost/mutate/required',
    'POST https://169.254.169.254/mutate',
    'POST /mutate#x',
    'POST /mutate?timeout=5s#x',
    'POST /mutate/required#',
    'POST /mutate/required/',
    'POST /mutate//required',
    'POST /mutate/../mutate',
    'POST /mutate/./required',
    'POST /mutate/require',
    `POST /mutate/${'a'.repeat(32)}`,
    `POST /mutate/required/${'a'.repeat(32)}?timeout=5s`,
    'POST /mutate/REQUIRED',
    'POST /%zz',
    'POST /%',
    'POST /mutate/%zz',
    'POST *',
    'GET /mutate/required',
    'PROPFIND /mutate',
    'QUERY /mutate',
    'POST /mutate/',
    'POST //mutate',
    'POST /MUTATE',
    'POST /mutate;a=b',
    'POST /x/../mutate',
    'POST /mutate%00',
    'POST /mutate%2f',
    'POST /%2e%2e/mutate',
    'OPTIONS *',
    'GET /mutate',
    'PUT /mutate',
    'DELETE /mutate',
    'PATCH /mutate',
    'TRACE /mutate',
    'OPTIONS /mutate',
    'GET /metrics',
    'GET /livez',
    'GET /readyz',
    'GET /',
    'GET /.git/config',
    'GET /debug/pprof/',
  ])('%s is not found', async (line) => {
    const answer = await send(request(line, '', line.startsWith('POST') ? review : ''));
    expect(statuses(answer)).toEqual([404]);
    const [head = '', body] = answer.split('\r\n\r\n');
    expect(head).toMatch(/^content-type: text\/plain/im);
    expect(body).toBe('not found; send POST /mutate or POST /mutate/required');
  });

  it('both are answered', async () => {
    expect(statuses(await send(request('POST /mutate')))).toEqual([200]);
    expect(statuses(await send(request('POST /mutate/required?timeout=5s')))).toEqual([200]);
  });

  it('CONNECT opens no tunnel, an upgrade changes nothing', async () => {
    expect(statuses(await send('CONNECT 10.0.0.1:443 HTTP/1.1\r\nHost: x\r\n\r\n'))).toEqual([]);
    const upgraded = request('POST /mutate', 'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n');
    expect(statuses(await send(upgraded))).toEqual([200]);
  });

  it.each([
    ['a Host header is ignored', request('POST /mutate').replace('Host: x', 'Host: 169.254.169.254')],
    [
      'X-Forwarded headers are ignored',
      request('POST /mutate', 'X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Host: evil\r\n'),
    ],
    [
      'query parameters cannot change prototypes',
      request('POST /mutate?timeout=5s&__proto__[timeout]=1&constructor=1'),
    ],
  ])('%s', async (_, bytes) => {
    const plain = await send(request('POST /mutate'));
    const bodyOf = (text: string): string | undefined => text.split('\r\n\r\n')[1];
    const answer = await send(bytes);
    expect(statuses(answer)).toEqual([200]);
    expect(bodyOf(answer)).toBe(bodyOf(plain));
    expect(({} as Record<string, unknown>)['timeout']).toBeUndefined();
  });

  it('a uid cannot become a header of the answer', async () => {
    const odd = JSON.stringify(reviewOf(pod(), { uid: 'x\r\nSet-Cookie: a=b\r\n\r\n"}' }));
    const answer = await send(request('POST /mutate', '', odd));
    expect(statuses(answer)).toEqual([200]);
    expect(answer.split('\r\n\r\n')[0]).not.toContain('Set-Cookie');
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({
      response: { uid: 'x\r\nSet-Cookie: a=b\r\n\r\n"}' },
    });
  });

  it('an answer names neither the software nor its version', async () => {
    const [head = ''] = (await send(request('POST /mutate'))).split('\r\n\r\n');
    const names = head
      .split('\r\n')
      .slice(1)
      .map((line) => line.split(':')[0]?.toLowerCase());
    expect(new Set(names)).toEqual(new Set(['connection', 'content-length', 'content-type', 'date']));
  });
});

describe('TLS', () => {
  const negotiated = (options: ConnectionOptions): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port: server.port, ca: server.ca, ...options });
      socket.once('secureConnect', () => {
        resolve(`${socket.getProtocol()} ${socket.getCipher().name}`);
        socket.destroy();
      });
      socket.once('error', () => resolve('refused'));
    });
  const older = (version: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2', ciphers: string): ConnectionOptions => ({
    minVersion: version,
    maxVersion: version,
    ciphers: `${ciphers}:@SECLEVEL=0`,
  });

  it.each([
    ['1.0', older('TLSv1', 'ALL')],
    ['1.1', older('TLSv1.1', 'ALL')],
    ['1.2 without a cipher', older('TLSv1.2', 'eNULL')],
    ['1.2 without ephemeral keys', older('TLSv1.2', 'AES128-GCM-SHA256:AES256-SHA256:AES128-SHA')],
    ['1.2 with CBC', older('TLSv1.2', 'ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA384')],
  ])('%s is refused', async (_, options) => {
    expect(await negotiated(options)).toBe('refused');
  });

  it('1.2 with authenticated ciphers, and 1.3, are accepted', async () => {
    expect(await negotiated({ maxVersion: 'TLSv1.2' })).toMatch(/^TLSv1\.2 ECDHE-ECDSA-.*(GCM|POLY1305)/);
    expect(await negotiated({})).toMatch(/^TLSv1\.3 TLS_/);
  });

  it('a client cannot renegotiate', async () => {
    const outcome = await new Promise<string>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port: server.port, ca: server.ca, maxVersion: 'TLSv1.2' });
      socket.once('secureConnect', () => {
        socket.renegotiate({}, (error) => resolve(error ? 'refused' : 'renegotiated'));
      });
      socket.on('error', () => resolve('refused'));
      socket.on('close', () => resolve('refused'));
    });
    expect(outcome).toBe('refused');
  });
});
