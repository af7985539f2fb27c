import { expect, it } from 'vitest';
import type { ApiResponse, PodClient } from '../../../src/cluster/client/types.ts';
import { readNow } from '../../../src/cli/ui/server-metrics.ts';
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
    status: { phase },
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
