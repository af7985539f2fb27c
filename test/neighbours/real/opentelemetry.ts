import type { Client, KubeObject } from '../../support/client.ts';
import type { ControlPlane } from '../../support/control-plane.ts';
import { waitFor } from '../../support/wait-for.ts';
import type { Neighbour } from './neighbour.ts';
import { manifestsOf, startOperator } from './operator.ts';

/** Where the Operator's agents send what they measure. */
export const OPERATORS_ENDPOINT = 'http://theirs:4317';

const OPERATOR = 'opentelemetry-operator';

/** Starts the OpenTelemetry Operator's webhook server, with an Instrumentation and a sidecar collector in each of the namespaces. */
export async function startOpenTelemetry(
  { client, kubeconfigPath }: ControlPlane,
  namespaces: readonly string[],
): Promise<Neighbour> {
  for (const kind of ['instrumentations', 'opentelemetrycollectors'])
    for (const one of manifestsOf(OPERATOR, `bases/opentelemetry.io_${kind}.yaml`)) await client.create(one);
  for (const namespace of namespaces) {
    await createOnceKnown(client, instrumentation(namespace));
    await createOnceKnown(client, collector(namespace));
  }
  return startOperator({
    name: OPERATOR,
    configuration: 'opentelemetry-operator-mutating-webhook-configuration',
    args: ({ port, healthPort }) => [
      `--webhook-port=${port}`,
      `--health-probe-addr=127.0.0.1:${healthPort}`,
      '--metrics-addr=0',
      '--metrics-secure=false',
    ],
    env: { KUBECONFIG: kubeconfigPath },
  });
}

function instrumentation(namespace: string): KubeObject {
  const images = ['java', 'nodejs', 'python', 'dotnet'].map(
    (language) => [language, { image: `registry.example.com/otel-${language}:1` }] as const,
  );
  return {
    apiVersion: 'opentelemetry.io/v1alpha1',
    kind: 'Instrumentation',
    metadata: { name: 'agents', namespace },
    spec: { exporter: { endpoint: OPERATORS_ENDPOINT }, ...Object.fromEntries(images) },
  };
}

function collector(namespace: string): KubeObject {
  const pipeline = { receivers: ['otlp'], exporters: ['debug'] };
  return {
    apiVersion: 'opentelemetry.io/v1beta1',
    kind: 'OpenTelemetryCollector',
    metadata: { name: 'sidecar', namespace },
    spec: {
      mode: 'sidecar',
      image: 'registry.example.com/collector:1',
      config: {
        receivers: { otlp: { protocols: { grpc: {} } } },
        exporters: { debug: {} },
        service: { pipelines: { traces: pipeline } },
      },
    },
  };
}

/** The API server serves a resource some time after its definition is stored. */
export async function createOnceKnown(client: Client, object: KubeObject): Promise<void> {
  await waitFor(`${object.kind} to be served`, () => client.create(object));
}
