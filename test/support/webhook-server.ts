import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request as send } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { isPlainPath } from '../../src/api/paths.ts';
import type { Catalogue } from '../../src/profiles/catalogue.ts';
import { type ClusterState, unknownCluster } from '../../src/kubernetes/cluster-state.ts';
import type { Namespace, NamespaceLookup } from '../../src/kubernetes/namespace.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { createMetrics } from '../../src/metrics/registry.ts';
import type { Metrics } from '../../src/metrics/types.ts';
import type { HandlerDependencies } from '../../src/webhook/dependencies.ts';
import { createWebhookServer, type WebhookServerOptions } from '../../src/webhook/server.ts';
import { readOrCreateTlsDirectory } from '../../src/certificates/directory.ts';
import { catalogue } from './fixtures.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests read any field of an answer
  readonly json: any;
}

export interface TestServer {
  readonly server: FastifyInstance;
  readonly port: number;
  readonly ca: string;
  readonly metrics: Metrics;
  readonly lines: { fields: Record<string, unknown>; message: string }[];
  readonly post: (body: string | Buffer | object, headers?: Record<string, string>, path?: string) => Promise<Answer>;
  /** Replaces the namespace of the same name. */
  readonly replace: (namespace: Namespace) => void;
  readonly close: () => Promise<void>;
}

export interface TestServerOptions {
  readonly namespaces?: readonly Namespace[];
  readonly lookup?: (name: string, deadlineMs: number) => Promise<NamespaceLookup>;
  /** The lookup for required pods. Default: `lookup`. */
  readonly lookupLatest?: (name: string, deadlineMs: number) => Promise<NamespaceLookup>;
  readonly catalogue?: () => Catalogue;
  readonly cluster?: () => ClusterState;
  readonly isOpen?: WebhookServerOptions['isOpen'];
  readonly draining?: () => boolean;
  /** Default: 2048. */
  readonly maxConnections?: number;
  readonly clock?: Clock;
  readonly onDecision?: HandlerDependencies['onDecision'];
}

/** The webhook server on a free port, with TLS that the client verifies. */
export async function startServer(options: TestServerOptions = {}): Promise<TestServer> {
  const dir = await mkdtemp(join(tmpdir(), 'agent-injector-tls-'));
  const opened = await readOrCreateTlsDirectory(dir, new Date());
  await rm(dir, { recursive: true });
  if (!opened.ok) throw new Error(opened.error.kind);
  const { certificate } = opened.value;
  const ca = certificate.ca ?? '';
  const known = new Map((options.namespaces ?? []).map((namespace) => [namespace.name, namespace]));
  const lines: TestServer['lines'] = [];
  const log = (fields: object, message: string): void =>
    void lines.push({ fields: fields as Record<string, unknown>, message });
  const certificates = {
    expiry: { leaf: new Date(new X509Certificate(certificate.cert).validTo), ca: undefined },
    renewals: { leaf: 0, ca: 0 },
    hasProblem: false,
    foreign: 0,
    repairs: 0,
    drift: {},
  };
  const fetch = options.lookup ?? (async () => ({ kind: 'absent' as const }));
  const metrics = createMetrics(
    { namespaces: () => ({ size: known.size, synced: true, ageMs: 0, restarts: 0 }), certificates: () => certificates },
    'test',
  );
  const server = createWebhookServer({
    tls: certificate,
    dependencies: {
      catalogue: options.catalogue ?? (() => catalogue),
      namespaces: { get: (name) => known.get(name), fetch, fetchLatest: options.lookupLatest ?? fetch },
      metrics,
      log: {
        info: log,
        warn: log,
        error: log,
        child: (bound) => ({ info: (fields, message) => log({ ...bound, ...fields }, message) }),
      },
      cluster: options.cluster ?? (() => unknownCluster),
      ...(options.onDecision && { onDecision: options.onDecision }),
    },
    metrics,
    isOpen: options.isOpen ?? isPlainPath,
    draining: options.draining ?? (() => false),
    maxConnections: options.maxConnections ?? 2048,
    ...(options.clock && { clock: options.clock }),
  });
  await server.listen({ host: '127.0.0.1', port: 0 });
  const address = server.server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const agent = new Agent({ ca, keepAlive: true });
  const post: TestServer['post'] = (body, headers = {}, path = '/mutate') =>
    new Promise((resolve, reject) => {
      const payload = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
      const target = {
        host: '127.0.0.1',
        port,
        path,
        agent,
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
      };
      const sent = send(target, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const json: unknown = text.startsWith('{') ? JSON.parse(text) : undefined;
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
        });
      });
      sent.on('error', reject);
      sent.end(payload);
    });
  return {
    server,
    port,
    ca,
    metrics,
    lines,
    post,
    replace: (namespace) => void known.set(namespace.name, namespace),
    close: async () => {
      agent.destroy();
      await server.close();
    },
  };
}

/** An AdmissionReview that asks about the creation of a pod in the namespace `shop`. */
export function reviewOf(object: unknown, request: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      namespace: 'shop',
      operation: 'CREATE',
      object,
      ...request,
    },
  };
}

/** The operations in an answer. */
export function patchIn(answer: Answer): { op: string; path: string; value: unknown }[] {
  const patch: unknown = answer.json?.response?.patch;
  return typeof patch === 'string' ? JSON.parse(Buffer.from(patch, 'base64').toString()) : [];
}
