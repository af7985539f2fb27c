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
    spec: specOf(situation),
  };
  return [instrumentation, workloadOf(situation)].map((one) => stringify(one)).join('---\n');
}

function languagesOf({ profile }: Complete): readonly string[] {
  return profile.split(',').map((name) => name.replace('opentelemetry-', ''));
}

/** Settings of pods and containers here, which are variables of a language there. */
const variableOf: Values = { 'service-name': 'OTEL_SERVICE_NAME', 'otlp-endpoint': 'OTEL_EXPORTER_OTLP_ENDPOINT' };

interface Variable {
  readonly name: string;
  readonly value: string;
}

/** The variables of each language: those of a container are its language's, and those of a pod the first one's. */
function languageVariables({ pod = {} }: Complete, [first = '']: readonly string[]): Map<string, Variable[]> {
  const found = new Map<string, Variable[]>();
  for (const [key, value] of Object.entries(pod)) {
    const [setting = '', container] = key.split('.agent-injector.io/');
    const name = variableOf[setting];
    const language = container?.replace(/app$/, '') ?? first;
    if (name !== undefined) found.set(language, [...(found.get(language) ?? []), { name, value }]);
  }
  return found;
}

function variable(word: string): Variable {
  return { name: word.slice(0, word.indexOf('=')), value: word.slice(word.indexOf('=') + 1) };
}

function specOf(situation: Complete): object {
  const { namespace: settings } = situation;
  const languages = languagesOf(situation);
  const [language = ''] = languages;
  const own = languageVariables(situation, languages);
  const common = (settings['variables'] ?? '').split(/\s+/).flatMap((word) => (word === '' ? [] : [variable(word)]));
  const protocol = settings['otlp-protocol'];
  if (protocol !== undefined) common.push({ name: 'OTEL_EXPORTER_OTLP_PROTOCOL', value: protocol });
  // The last one is the language's own, as in most of the folders.
  if (own.size === 0 && common.length > 1 && language !== 'sdk') own.set(language, common.splice(-1));
  const volume = {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
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
    ...Object.fromEntries([...own].map(([name, env]) => [name, { env }])),
    ...(settings['delivery'] === 'ephemeral' && {
      [language]: { env: own.get(language), volumeClaimTemplate: volume },
    }),
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
