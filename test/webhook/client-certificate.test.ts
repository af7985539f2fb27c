import { generateKeyPairSync } from 'node:crypto';
import { request } from 'node:https';
import { connect } from 'node:tls';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FastifyInstance } from 'fastify';
import forge from 'node-forge';
import { checkSelf } from '../../src/certificates/self-check.ts';
import { createWebhookServer, replaceCertificate } from '../../src/webhook/server.ts';
import { DAY, shift } from '../../src/certificates/describe.ts';
import { issueServerCertificate, type KeyedCertificate } from '../../src/certificates/issue.ts';
import { unknownCluster } from '../../src/kubernetes/cluster-state.ts';
import { catalogue } from '../support/fixtures.ts';

/** A refused client receives an alert, or only sees its connection closed. */
const REFUSED = /alert|ECONNRESET|EPIPE|socket hang up/i;
const NAME = 'agent-injector.apm.svc';
const running: FastifyInstance[] = [];
let server: Awaited<ReturnType<typeof issueServerCertificate>>;
let authority: KeyedCertificate;
let stranger: KeyedCertificate;
let client: KeyedCertificate;
let foreign: KeyedCertificate;

beforeAll(async () => {
  const keys = makeKeys();
  [authority, stranger] = [sign('clients', keys), sign('others', keys)];
  client = sign('kube-apiserver', keys, { issuer: 'clients', name: 'front-proxy' });
  foreign = sign('kube-apiserver', keys, { issuer: 'others', name: 'front-proxy' });
  server = await issueServerCertificate([NAME], new Date());
});
afterAll(() => Promise.all(running.map((one) => one.close())));

type Keys = ReturnType<typeof makeKeys>;

function makeKeys() {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

/** Signs a client certificate as a private CA does; src/certificates issues only server certificates. All share one key: making one takes a second. */
function sign(subject: string, keys: Keys, by?: { readonly issuer: string; readonly name: string }): KeyedCertificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(keys.publicKey);
  certificate.serialNumber = by ? '02' : '01';
  certificate.validity.notBefore = shift(new Date(), -DAY);
  certificate.validity.notAfter = shift(new Date(), DAY);
  certificate.setSubject([{ name: 'commonName', value: subject }]);
  certificate.setIssuer([{ name: 'commonName', value: by?.issuer ?? subject }]);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: by === undefined },
    ...(by ? [{ name: 'subjectAltName', altNames: [{ type: 2, value: by.name }] }] : []),
  ]);
  certificate.sign(forge.pki.privateKeyFromPem(keys.privateKey), forge.md.sha256.create());
  return { cert: forge.pki.certificateToPem(certificate), key: keys.privateKey };
}

const absent = async (): Promise<{ kind: 'absent' }> => ({ kind: 'absent' });

async function serve(
  options: { clientCa?: string; clientNames?: readonly string[] } = {},
): Promise<{ port: number; instance: FastifyInstance }> {
  const instance = createWebhookServer({
    tls: { cert: server.cert, key: server.key, clientCa: options.clientCa },
    ...(options.clientNames && { clientNames: options.clientNames }),
    dependencies: {
      catalogue: () => catalogue,
      cluster: () => unknownCluster,
      namespaces: { get: () => undefined, fetch: absent, fetchLatest: absent },
      metrics: { recordReview: () => {}, recordCachedAnswer: () => {} },
      log: { info: () => {}, warn: () => {}, error: () => {}, child: () => ({ info: () => {} }) },
    },
    metrics: { recordBadRequest: () => {} },
    isOpen: () => true,
    draining: () => false,
    maxConnections: 100,
  });
  running.push(instance);
  await instance.listen({ host: '127.0.0.1', port: 0 });
  const address = instance.server.address();
  return { port: typeof address === 'object' && address ? address.port : 0, instance };
}

/** Status of a GET request: 404 once the client certificate is accepted. */
async function statusFor(port: number, certificate?: KeyedCertificate): Promise<number> {
  return new Promise((resolve, reject) => {
    const target = { host: '127.0.0.1', port, servername: NAME, ca: server.ca, agent: false as const, ...certificate };
    const sent = request(target, (response) => {
      text(response).then(() => resolve(response.statusCode ?? 0), reject);
    });
    sent.on('error', reject);
    sent.end();
  });
}

async function serialAt(port: number, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername: NAME, ca });
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      resolve(socket.getPeerX509Certificate()?.serialNumber ?? '');
      socket.destroy();
    });
  });
}

describe('client certificates', () => {
  test('are not requested without a client CA', async () => {
    const { port } = await serve();
    expect(await statusFor(port)).toBe(404);
  });

  test('are required with a client CA: no certificate, or one of another CA, ends the handshake', async () => {
    const { port } = await serve({ clientCa: authority.cert });
    await expect(statusFor(port)).rejects.toThrow(REFUSED);
    await expect(statusFor(port, foreign)).rejects.toThrow(REFUSED);
    expect(await statusFor(port, client)).toBe(404);
  });

  test.each([
    [['kube-apiserver'], 404],
    [['other', 'front-proxy'], 404],
    [['kube', 'kube-apiserver.'], 403],
  ])('must have one of the names %j: %i', async (clientNames, status) => {
    const { port } = await serve({ clientCa: authority.cert, clientNames });
    expect(await statusFor(port, client)).toBe(status);
  });

  test('are still required after the server certificate is replaced', async () => {
    const { port, instance } = await serve({ clientCa: authority.cert });
    replaceCertificate(instance, { ...server, clientCa: stranger.cert });
    await expect(statusFor(port, client)).rejects.toThrow(REFUSED);
    expect(await statusFor(port, foreign)).toBe(404);
  });
});

describe('a replaced server certificate', () => {
  test('is served to new connections; an unusable one is rejected, and the previous one stays in use', async () => {
    const { port, instance } = await serve();
    const next = await issueServerCertificate([NAME], new Date());
    const before = await serialAt(port, server.ca);
    replaceCertificate(instance, next);
    const after = await serialAt(port, next.ca);
    expect(after).not.toBe(before);
    expect(() => replaceCertificate(instance, { cert: 'garbage', key: next.key })).toThrow('PEM');
    expect(() => replaceCertificate(instance, { cert: next.cert, key: server.key })).toThrow('key values mismatch');
    expect(await serialAt(port, next.ca)).toBe(after);
  });
});

describe('the self-check', () => {
  test('succeeds with the right CA and name, also if client certificates are required', async () => {
    for (const options of [{}, { clientCa: authority.cert }]) {
      const { port } = await serve(options);
      for (const host of ['127.0.0.1', '::', '0.0.0.0']) {
        expect(await checkSelf({ port, host, servername: NAME, bundle: server.ca })).toBeUndefined();
      }
    }
  });

  test('reports why it failed', async () => {
    const { port } = await serve();
    const self = { port, host: '127.0.0.1', servername: NAME, bundle: server.ca };
    expect(await checkSelf({ ...self, bundle: '' })).toBe('caBundle is empty');
    expect(await checkSelf({ ...self, bundle: stranger.cert })).toMatch(/unable to verify|unable to get/);
    expect(await checkSelf({ ...self, servername: 'other.apm.svc' })).toMatch(/does not match/);
    expect(await checkSelf({ ...self, port: 1 })).toMatch(/ECONNREFUSED/);
  });
});
