import { isObject, type Json, type JsonObject, objectIn, objectsIn, textIn } from '../../lib/json.ts';
import { addVariables, AgentDraft } from '../agent-draft.ts';
import { addResources } from '../resources.ts';
import { scalarText } from '../json-text.ts';
import type { Carry, KeyPlace, KeyRow } from '../key-row.ts';
import { settingsOfVariable } from './variables.ts';

// The keys and fields that the OpenTelemetry Operator reads. Sources: open-telemetry/opentelemetry-operator:internal/instrumentation/annotation.go,
// apis/v1alpha1/instrumentation_types.go, pkg/constants/env.go.

/** What an Instrumentation says for all languages, and for each. `variables` are stronger than `fields`, and those of a language than both. */
export class InstrumentationDraft {
  readonly fields = new AgentDraft();
  readonly variables = new AgentDraft();
  readonly languages = new Map<string, AgentDraft>();

  language(name: string): AgentDraft {
    const draft = this.languages.get(name) ?? new AgentDraft();
    this.languages.set(name, draft);
    return draft;
  }

  /** What it says to one language. */
  of(language: string): AgentDraft {
    return new AgentDraft()
      .complete(this.languages.get(language) ?? new AgentDraft())
      .complete(this.variables)
      .complete(this.fields);
  }
}

type Row = KeyRow<InstrumentationDraft>;

export const LANGUAGES = ['java', 'nodejs', 'python', 'dotnet', 'sdk'] as const;

const POD: readonly KeyPlace[] = ['pod annotation', 'namespace annotation'];

const OPERATOR = 'instrumentation.opentelemetry.io';

const WEB_SERVER = {
  why: 'a module of a web server needs a copy of the container that rewrites its configuration; a profile adds files and variables to containers that are there',
  todo: 'keep the Operator for these pods, or build the module into their image',
};

const GO = {
  why: 'Go needs a privileged sidecar with eBPF, and agent-injector adds no sidecars',
  todo: 'keep the Operator for these pods, or instrument the program when it is built',
};

const setting =
  (name: string): Carry<InstrumentationDraft> =>
  (value, at, { fields }) =>
    fields.set(name, scalarText(value), at);

const annotations: readonly Row[] = [
  ...LANGUAGES.flatMap((name): readonly Row[] => [
    {
      on: POD,
      key: `${OPERATOR}/inject-${name}`,
      becomes: `\`profile: opentelemetry-${name}\`; where the value is \`"false"\`, the profile is left out, and \`inject: "false"\` stands where none is left`,
    },
    { on: POD, key: `${OPERATOR}/${name}-container-names`, becomes: `\`containers.opentelemetry-${name}\`` },
  ]),
  { on: POD, key: `${OPERATOR}/container-names`, becomes: '`containers`' },
  { on: POD, key: `${OPERATOR}/otel-python-platform`, becomes: '`libc`' },
  { on: POD, key: `${OPERATOR}/otel-dotnet-auto-runtime`, becomes: '`libc`' },
  ...['inject-go', 'go-container-names', 'otel-go-auto-target-exe'].map((name): Row => ({
    on: POD,
    key: `${OPERATOR}/${name}`,
    ...GO,
  })),
  ...['inject-apache-httpd', 'apache-httpd-container-names', 'inject-nginx', 'inject-nginx-container-names'].map(
    (name): Row => ({ on: POD, key: `${OPERATOR}/${name}`, ...WEB_SERVER }),
  ),
  {
    on: ['pod annotation'],
    key: 'resource.opentelemetry.io/{name}',
    becomes: 'the same: an attribute of the service',
    stays: true,
  },
  {
    on: POD,
    key: 'sidecar.opentelemetry.io/{name}',
    why: 'it asks for a collector as a sidecar, which is not an agent',
    todo: 'keep the Operator for collectors, or use one on the node: otlp-endpoint http://$(OTEL_NODE_IP):4318',
  },
];

const common: readonly Row[] = [
  { on: ['Instrumentation'], key: 'exporter.endpoint', becomes: '`otlp-endpoint`', carry: setting('otlp-endpoint') },
  {
    on: ['Instrumentation'],
    key: 'exporter.tls',
    becomes: '`otlp-ca-config-map`, `otlp-client-secret`; the names of keys and the paths by variables',
    carry: carryTls,
  },
  { on: ['Instrumentation'], key: 'sampler.type', becomes: '`sampler`', carry: setting('sampler') },
  { on: ['Instrumentation'], key: 'sampler.argument', becomes: '`sampler-arg`', carry: setting('sampler-arg') },
  {
    on: ['Instrumentation'],
    key: 'propagators',
    becomes: '`propagators`, comma-separated',
    carry: (value, at, { fields }) => fields.set('propagators', Array.isArray(value) ? value.join(',') : '', at),
  },
  {
    on: ['Instrumentation'],
    key: 'resource.resourceAttributes',
    becomes: '`resource-attributes`',
    carry: (value, at, { fields }) => fields.set('resource-attributes', pairs(isObject(value) ? value : {}), at),
  },
  {
    on: ['Instrumentation'],
    key: 'resource.addK8sUIDAttributes',
    why: 'k8s.pod.uid is always there; the UIDs of the workload and its controllers are not known when a pod is created',
    todo: 'let the k8sattributes processor of the collector add them',
  },
  {
    on: ['Instrumentation'],
    key: 'defaults.useLabelsForResourceAttributes',
    becomes: '`from: [{label: app.kubernetes.io/name}]` and the like of the parameters, in a profile',
    carry: carryLabels,
  },
  {
    on: ['Instrumentation'],
    key: 'env',
    becomes: 'the settings that the variables are for, `variables`, or `environment` of a profile',
    carry: (value, at, { variables }) => addVariables(variables, value, at, settingsOfVariable),
  },
  {
    on: ['Instrumentation'],
    key: 'imagePullPolicy',
    becomes: '`pullPolicy` of the deliveries, in a profile',
    carry: (value, _, { fields }) => void fields.delivery.set('pullPolicy', value),
  },
  {
    on: ['Instrumentation'],
    key: 'initContainerSecurityContext',
    why: 'the init container always runs with the restricted settings, as the user of the app',
    todo: 'nothing, unless the cluster assigns users: then securityContext.omit of the delivery, in a profile',
  },
];

const ofLanguage: readonly Row[] = ['java', 'nodejs', 'python', 'dotnet'].flatMap((name): readonly Row[] => [
  {
    on: ['Instrumentation'],
    key: `${name}.image`,
    becomes: '`agent-image`, in a profile',
    carry: (value, at, draft) => draft.language(name).set('agent-image', scalarText(value), at),
  },
  {
    on: ['Instrumentation'],
    key: `${name}.env`,
    becomes: 'as `env`',
    carry: (value, at, draft) => addVariables(draft.language(name), value, at, settingsOfVariable),
  },
  {
    on: ['Instrumentation'],
    key: `${name}.volumeClaimTemplate`,
    becomes: '`delivery: ephemeral`; class and size in a profile',
    carry: (value, at, draft) => {
      const agent = draft.language(name);
      agent.set('delivery', 'ephemeral', at);
      const spec = objectIn(isObject(value) ? value : {}, 'spec');
      const size = textIn(objectIn(objectIn(spec, 'resources'), 'requests'), 'storage');
      if (size !== '' && size !== '1Gi') agent.delivery.set('size', size);
      const storageClass = textIn(spec, 'storageClassName');
      if (storageClass !== '') agent.delivery.set('storageClassName', storageClass);
    },
  },
  {
    on: ['Instrumentation'],
    key: `${name}.volumeLimitSize`,
    becomes: '`sizeLimit` of the delivery, in a profile',
    carry: (value, _, draft) => void draft.language(name).delivery.set('sizeLimit', scalarText(value)),
  },
  {
    on: ['Instrumentation'],
    key: `${name}.${name === 'java' ? 'resources' : 'resourceRequirements'}`,
    becomes: '`requests` and `limits` of the delivery, in a profile',
    carry: (value, _, draft) => addResources(draft.language(name), value),
  },
]);

const unsupported: readonly Row[] = [
  {
    on: ['Instrumentation'],
    key: 'java.extensions',
    why: 'they are in a second image, and a delivery has one',
    todo: 'build an image with the agent and the extensions, and set agent-image and OTEL_JAVAAGENT_EXTENSIONS in a profile',
  },
  { on: ['Instrumentation'], key: 'go', ...GO },
  { on: ['Instrumentation'], key: 'apacheHttpd', ...WEB_SERVER },
  { on: ['Instrumentation'], key: 'nginx', ...WEB_SERVER },
];

export const openTelemetryRows: readonly Row[] = [...annotations, ...common, ...ofLanguage, ...unsupported];

function pairs(values: JsonObject): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${scalarText(value)}`)
    .join(',');
}

const CA = '/etc/opentelemetry/ca';

const CLIENT = '/etc/opentelemetry/client';

/** Each file is a key of an object that is mounted, or a path in the app's image. Keys of other names than ours, and paths, are variables. */
function carryTls(value: Json, at: Parameters<Carry<InstrumentationDraft>>[1], { fields }: InstrumentationDraft): void {
  const tls = isObject(value) ? value : {};
  const place = (name: string) => ({ ...at, path: [...at.path, name] });
  fields.set('otlp-ca-config-map', textIn(tls, 'configMapName'), place('configMapName'));
  fields.set('otlp-client-secret', textIn(tls, 'secretName'), place('secretName'));
  const caFrom = textIn(tls, 'configMapName') === '' ? CLIENT : CA;
  for (const [field, variable, usual, directory] of [
    ['ca_file', 'OTEL_EXPORTER_OTLP_CERTIFICATE', `${CA}/ca.crt`, caFrom],
    ['cert_file', 'OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE', `${CLIENT}/tls.crt`, CLIENT],
    ['key_file', 'OTEL_EXPORTER_OTLP_CLIENT_KEY', `${CLIENT}/tls.key`, CLIENT],
  ] as const) {
    const file = textIn(tls, field);
    const path = file.startsWith('/') ? file : `${directory}/${file}`;
    if (file !== '' && path !== usual) fields.setVariable({ name: variable, value: path }, place(field));
  }
}

/** First the annotations, as in the built-in profiles, then the labels of Kubernetes. */
function carryLabels(value: Json, _at: unknown, { fields }: InstrumentationDraft): void {
  if (value === true)
    fields.parameters.push(fromLabels('service-name', 'instance', 'name'), fromLabels('service-version', 'version'));
}

function fromLabels(name: string, ...labels: readonly string[]): JsonObject {
  const annotation = `resource.opentelemetry.io/${name.replace('-', '.')}`;
  return { name, from: [{ annotation }, ...labels.map((label) => ({ label: `app.kubernetes.io/${label}` }))] };
}

/** The languages that an Instrumentation has a field of its own for. */
export function languagesIn(spec: JsonObject): readonly string[] {
  return LANGUAGES.filter((name) => isObject(spec[name]) || objectsIn(spec, name).length > 0);
}
