import type { ControlPlane } from '../../support/control-plane.ts';
import type { Neighbour } from './neighbour.ts';
import { createOnceKnown } from './opentelemetry.ts';
import { manifestsOf, startOperator } from './operator.ts';

const NAMESPACE = 'newrelic';

/** Pods with this label and a language as its value get New Relic's agent. */
export const NEW_RELIC = 'example.com/new-relic';

/** What the operator writes into a pod each time that it is called. */
export const TRANSACTION = 'newrelic-k8s-agents-operator-txid';

const OPERATOR = 'k8s-agents-operator';

/** Starts New Relic's operator, with an Instrumentation for each language. */
export async function startNewRelic({ client, kubeconfigPath }: ControlPlane): Promise<Neighbour> {
  await client.createNamespace(NAMESPACE);
  for (const one of manifestsOf(OPERATOR, 'bases/newrelic.com_instrumentations.yaml')) await client.create(one);
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
  return startOperator({
    name: OPERATOR,
    configuration: 'k8s-agents-operator-mutation',
    args: ({ port, healthPort }) => [
      `--webhook-service-bind-address=127.0.0.1:${port}`,
      `--health-probe-bind-address=127.0.0.1:${healthPort}`,
      '--metrics-bind-address=0',
    ],
    env: { KUBECONFIG: kubeconfigPath, OPERATOR_NAMESPACE: NAMESPACE },
  });
}
