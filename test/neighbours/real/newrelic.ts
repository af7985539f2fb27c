import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { objectsOf } from '../../support/chart.ts';
import type { KubeObject } from '../../support/client.ts';
import type { ControlPlane } from '../../support/control-plane.ts';
import { BUILT } from '../built.ts';
import { entryAt, type Neighbour } from './neighbour.ts';
import { createOnceKnown } from './opentelemetry.ts';
import { isHealthy, startProgram } from './program.ts';

const NAMESPACE = 'newrelic';

/** Pods with this label and a language as its value get New Relic's agent. */
export const NEW_RELIC = 'example.com/new-relic';

/** What the operator writes into a pod each time that it is called. */
export const TRANSACTION = 'newrelic-k8s-agents-operator-txid';

const manifests = (path: string): readonly KubeObject[] =>
  objectsOf(readFileSync(join(BUILT, 'k8s-agents-operator-manifests', path), 'utf8'));

/** Starts New Relic's operator, with an Instrumentation for each language. */
export async function startNewRelic({ client, kubeconfigPath }: ControlPlane): Promise<Neighbour> {
  await client.createNamespace(NAMESPACE);
  for (const one of manifests('bases/newrelic.com_instrumentations.yaml')) await client.create(one);
  await client.create({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'newrelic-key-secret', namespace: NAMESPACE },
    stringData: { new_relic_license_key: 'a-key' },
  });
  for (const language of ['java', 'nodejs', 'python', 'dotnet'])
    await createOnceKnown(client, {
      apiVersion: 'newrelic.com/v1beta3',
      kind: 'Instrumentation',
      metadata: { name: language, namespace: NAMESPACE },
      spec: {
        podLabelSelector: { matchLabels: { [NEW_RELIC]: language } },
        licenseKeySecret: 'newrelic-key-secret',
        agent: { language, image: `registry.example.com/new-relic-${language}:1` },
      },
    });
  const running = await startProgram({
    name: 'k8s-agents-operator',
    args: ({ port, healthPort }) => [
      `--webhook-service-bind-address=127.0.0.1:${port}`,
      `--health-probe-bind-address=127.0.0.1:${healthPort}`,
      '--metrics-bind-address=0',
    ],
    env: ({ dir }) => ({ KUBECONFIG: kubeconfigPath, TMPDIR: dir, OPERATOR_NAMESPACE: NAMESPACE }),
    files: ({ cert, key }) => ({
      'k8s-webhook-server/serving-certs/tls.crt': cert,
      'k8s-webhook-server/serving-certs/tls.key': key,
    }),
    isReady: (place) => isHealthy(place, '/readyz'),
  });
  const { ca, port } = running.place;
  const path = '/mutate-v1-pod';
  return {
    configuration: 'k8s-agents-operator-mutation',
    entry: entryAt(manifests('webhook/manifests.yaml'), path),
    url: `https://127.0.0.1:${port}${path}`,
    ca,
    running,
  };
}
