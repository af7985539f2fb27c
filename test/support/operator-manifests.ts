import { stringify } from 'yaml';
import type { Complete } from './operator-situations.ts';

// The situations of the OpenTelemetry Operator's tests as its users write them: an Instrumentation, and the annotations of a workload.

type Values = Readonly<Record<string, string>>;

const PREFIX = 'instrumentation.opentelemetry.io/';

/** The manifests of a situation, as YAML. */
export function operatorManifests(situation: Complete): string {
  const instrumentation = {
    apiVersion: 'opentelemetry.io/v1alpha1',
    kind: 'Instrumentation',
    metadata: { name: 'example', namespace: 'shop' },
    spec: specOf(situation.namespace, languagesOf(situation), serviceOf(situation)),
  };
  return [instrumentation, workloadOf(situation)].map((one) => stringify(one)).join('---\n');
}

function languagesOf({ profile }: Complete): readonly string[] {
  return profile.split(',').map((name) => name.replace('opentelemetry-', ''));
}

/** The name of the service is a variable of the first language. */
function serviceOf({ pod = {} }: Complete): string | undefined {
  return Object.entries(pod).find(([key]) => key.startsWith('service-name'))?.[1];
}

function specOf(settings: Values, languages: readonly string[], service: string | undefined): object {
  const [language = ''] = languages;
  const env = (settings['variables'] ?? '').split(/\s+/).filter((word) => word !== '');
  const protocol = settings['otlp-protocol'];
  const variables = [...env, ...(protocol === undefined ? [] : [`OTEL_EXPORTER_OTLP_PROTOCOL=${protocol}`])].map(
    (word) => ({
      name: word.slice(0, word.indexOf('=')),
      value: word.slice(word.indexOf('=') + 1),
    }),
  );
  const ofLanguage = {
    // The last one is the language's own, as in most of the folders.
    ...(variables.length > 1 && language !== 'sdk' && { env: variables.slice(-1) }),
    ...(service !== undefined && { env: [{ name: 'OTEL_SERVICE_NAME', value: service }] }),
    ...(settings['delivery'] === 'ephemeral' && {
      volumeClaimTemplate: {
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      },
    }),
  };
  const common = service === undefined && 'env' in ofLanguage ? variables.slice(0, -1) : variables;
  return {
    exporter: {
      endpoint: settings['otlp-endpoint'],
      ...(settings['otlp-ca-config-map'] !== undefined && {
        tls: {
          secretName: settings['otlp-client-secret'],
          configMapName: settings['otlp-ca-config-map'],
          ca_file: 'ca.crt',
          cert_file: 'tls.crt',
          key_file: 'tls.key',
        },
      }),
    },
    ...(settings['propagators'] !== undefined && { propagators: settings['propagators'].split(',') }),
    ...(settings['sampler'] !== undefined && {
      sampler: {
        type: settings['sampler'],
        ...(settings['sampler-arg'] !== undefined && { argument: settings['sampler-arg'] }),
      },
    }),
    ...(common.length > 0 && { env: common }),
    ...(Object.keys(ofLanguage).length > 0 && { [language]: ofLanguage }),
  };
}

function workloadOf(situation: Complete): object {
  const { deployment, containers, initContainers = [], pod = {}, namespace } = situation;
  const languages = languagesOf(situation);
  const libc = pod['libc'] ?? namespace['libc'];
  const annotations: Record<string, string> = Object.fromEntries(
    languages.map((name) => [`${PREFIX}inject-${name}`, 'true']),
  );
  // The Operator's folder says nothing where one language goes into the first of several containers.
  if (pod['containers'] !== undefined && situation.folder !== 'instrumentation-single-instr-first-container')
    annotations[`${PREFIX}container-names`] = pod['containers'];
  for (const name of languages) {
    const names = pod[`containers.opentelemetry-${name}`];
    if (names !== undefined) annotations[`${PREFIX}${name}-container-names`] = names;
  }
  if (libc !== undefined && languages.includes('python')) annotations[`${PREFIX}otel-python-platform`] = libc;
  if (libc !== undefined && languages.includes('dotnet'))
    annotations[`${PREFIX}otel-dotnet-auto-runtime`] = `linux-${libc}-x64`;
  const one = (name: string): object => ({ name, image: `registry.example.com/${name}:1` });
  const template = {
    metadata: { annotations },
    spec: {
      containers: containers.map(one),
      ...(initContainers.length > 0 && { initContainers: initContainers.map(one) }),
    },
  };
  return deployment === undefined
    ? { apiVersion: 'v1', kind: 'Pod', ...template, metadata: { name: 'job', namespace: 'shop', annotations } }
    : {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: deployment, namespace: 'shop' },
        spec: { selector: { matchLabels: { app: deployment } }, template },
      };
}
