import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import type { ApiResponse, PodClient } from '../../../src/cluster/client/types.ts';
import { directly, readNow } from '../../../src/cli/ui/server-metrics.ts';
import { type JsonObject, objectIn } from '../../../src/lib/json.ts';
import { installManifests } from '../../e2e/installed-entries.ts';
import { readingClient } from '../../support/reading-client.ts';

const installed = (kind: string, name: string): JsonObject =>
  installManifests.find((one) => one.kind === kind && one.metadata?.name === name) as unknown as JsonObject;

/** The manifests of deploy/install.yaml, with pods of the Deployment in these phases. */
function clusterWith(phases: readonly string[], metrics: (path: string) => string | undefined): PodClient {
  const template = objectIn(objectIn(installed('Deployment', 'agent-injector'), 'spec'), 'template');
  const pods = phases.map((phase, index) => ({
    metadata: { name: `agent-injector-${index}` },
    spec: objectIn(template, 'spec'),
    status: { phase, podIP: '10.0.0.7' },
  }));
  const answers: Readonly<Record<string, JsonObject>> = {
    '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations': {
      items: [installed('MutatingWebhookConfiguration', 'zz-agent-injector')],
    },
    '/api/v1/namespaces/agent-injector/services/agent-injector': installed('Service', 'agent-injector'),
    '/api/v1/namespaces/agent-injector/pods': { items: pods },
  };
  const forbidden: ApiResponse = { kind: 'http', status: 403, message: 'forbidden' } as never;
  const reading = readingClient((path) => {
    const body = answers[path.split('?')[0] ?? ''];
    return body ? { kind: 'ok', body } : forbidden;
  });
  return {
    ...reading,
    getText: async (path) => {
      const text = metrics(path);
      return text === undefined ? forbidden : { kind: 'ok', text };
    },
    exec: () => {
      throw new Error('nothing is executed');
    },
  };
}

it('reads the metrics of each replica that runs, at the admin port of its pod', async () => {
  const asked: string[] = [];
  const client = clusterWith(['Running', 'Pending', 'Running'], (path) => {
    asked.push(path);
    return 'agent_injector_decisions_total{outcome="injected",reason=""} 2\n';
  });
  expect(await readNow(client)).toMatchObject({
    replicas: 2,
    decisions: [{ outcome: 'injected', reason: '', count: 4 }],
  });
  expect(asked).toEqual([
    '/api/v1/namespaces/agent-injector/pods/agent-injector-0:9090/proxy/metrics',
    '/api/v1/namespaces/agent-injector/pods/agent-injector-2:9090/proxy/metrics',
  ]);
});

it('has no figures where the user may not ask the pods', async () => {
  expect(await readNow(clusterWith(['Running'], () => undefined))).toBeUndefined();
});

const METRICS = 'agent_injector_decisions_total{outcome="injected",reason=""} 2\n';

/** Answers at a port of this machine. */
async function answering(
  answer: (path: string | undefined) => {
    readonly status: number;
    readonly headers?: Record<string, string>;
    readonly text: string;
  },
): Promise<{ readonly port: number; readonly asked: readonly (string | undefined)[]; readonly close: () => void }> {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    const { status, headers = {}, text } = answer(request.url);
    response.writeHead(status, headers).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { port, asked, close: () => server.close() };
}

const podAt = (port: number, ip = '127.0.0.1') => ({ namespace: 'agent-injector', name: 'a', ip, port });

it('reads the metrics in the cluster at the addresses of the pods, without the API server', async () => {
  const read: unknown[] = [];
  const client = clusterWith(['Running', 'Pending'], () => undefined);
  const now = await readNow(client, async (pod) => {
    read.push(pod);
    return [METRICS];
  });
  expect(now).toMatchObject({ replicas: 1 });
  expect(read).toEqual([{ namespace: 'agent-injector', name: 'agent-injector-0', ip: '10.0.0.7', port: 9090 }]);
  const { port, asked, close } = await answering(() => ({ status: 200, text: METRICS }));
  expect(await directly(podAt(port))).toEqual([METRICS]);
  expect(asked).toEqual(['/metrics']);
  close();
});

it.each([
  ['goes where a redirect leads', { status: 302, headers: { location: '/other' }, text: METRICS }],
  ['takes an error', { status: 500, text: METRICS }],
  ['takes another text', { status: 200, text: 'secret' }],
  ['takes more than it should', { status: 200, text: METRICS + 'x'.repeat(3 * 1024 * 1024) }],
])('never %s for metrics', async (_, answer) => {
  const { port, asked, close } = await answering(() => answer);
  expect(await directly(podAt(port))).toEqual([]);
  expect(asked).toEqual(['/metrics']);
  close();
});

it('asks no name, and nothing that does not answer', async () => {
  for (const ip of ['', 'localhost', '127.0.0.1/x?', 'a@127.0.0.1']) expect(await directly(podAt(1, ip))).toEqual([]);
  expect(await directly(podAt(1))).toEqual([]);
});
