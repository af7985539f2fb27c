import { isObject, type Json } from '../../lib/json.ts';
import { addVariables, AgentDraft } from '../agent-draft.ts';
import { scalarText } from '../json-text.ts';
import type { KeyPlace, KeyRow } from '../key-row.ts';
import { settingsOfVariable } from './variables.ts';

// What Datadog's webhook reads. Sources: DataDog/datadog-agent:pkg/clusteragent/admission/mutate/autoinstrumentation/annotation/annotation.go,
// pkg/clusteragent/admission/common (const.go, lib_config.go), pkg/clusteragent/admission/mutate/config/config.go;
// DataDog/datadog-operator:api/datadoghq/v2alpha1/datadogagent_types.go (SingleStepInstrumentation, SSITarget); Helm values have the same fields.

/** A rule for pods: an SSITarget, or what an instrumentation says without targets. */
export class DatadogDraft {
  readonly agent = new AgentDraft();
  name = '';
  isEnabled = true;
  podSelector: Json = {};
  namespaceSelector: Json = {};
  /** Languages in Datadog's words, with their versions; empty: all. */
  versions: Readonly<Record<string, Json | undefined>> = {};
  enabledNamespaces: readonly string[] = [];
  disabledNamespaces: readonly string[] = [];
  targets: Json = [];
}

type Row = KeyRow<DatadogDraft>;

/** Datadog's name of a language, and that of the profile. */
export const languages: ReadonlyMap<string, string> = new Map([
  ['java', 'datadog-java'],
  ['js', 'datadog-nodejs'],
  ['python', 'datadog-python'],
  ['dotnet', 'datadog-dotnet'],
  ['ruby', 'datadog-ruby'],
  ['php', 'datadog-php'],
]);

const PREFIX = 'admission.datadoghq.com';

const ANNOTATION: readonly KeyPlace[] = ['pod annotation'];

const INJECTOR = {
  becomes:
    "nothing: it is about Datadog's LD_PRELOAD injector, and the profiles load the library by the runtime's own variable",
};

const VERSION = '`profile: datadog-LANGUAGE`; another version than that of the profile is `agent-image`, in a profile';

/** Languages for which no profile is built in. */
const UNSERVED: ReadonlySet<string> = new Set(['ruby', 'php']);

function versionText(language: string): string {
  return UNSERVED.has(language)
    ? `nothing: no profile datadog-${language} is built in; keep Datadog's webhook for the pod, or write one`
    : VERSION;
}

/** `all` in place of a language. */
const pods: readonly Row[] = [
  {
    on: ['pod label'],
    key: `${PREFIX}/enabled`,
    becomes: 'the same, for Datadog; `"false"` is `inject: "false"`, too',
    stays: true,
  },
  {
    on: ['pod label'],
    key: `${PREFIX}/config.mode`,
    becomes:
      'nothing for `hostip`, which is the default; others cannot be carried over: for `socket`, the cluster sets `agent-socket-directory` and `agent-url`',
  },
  ...[...languages.keys(), 'all'].flatMap((name): readonly Row[] => [
    { on: ANNOTATION, key: `${PREFIX}/${name}-lib.version`, becomes: versionText(name) },
    { on: ANNOTATION, key: `${PREFIX}/${name}-lib.custom-image`, becomes: '`agent-image`, in a profile' },
    {
      on: ANNOTATION,
      key: `${PREFIX}/${name}-lib.config.v1`,
      becomes: '`service-name`, `env`; its other fields are `environment` of a profile',
    },
    { on: ANNOTATION, key: `${PREFIX}/{container}.${name}-lib.version`, becomes: `${VERSION}; \`containers\`` },
    {
      on: ANNOTATION,
      key: `${PREFIX}/{container}.${name}-lib.custom-image`,
      becomes: '`agent-image`, in a profile; `containers`',
    },
  ]),
  {
    on: ANNOTATION,
    key: `${PREFIX}/apm-inject.tracer-configs`,
    becomes: '`service-name`, `env`, `app-version`, `agent-url`; other variables are `environment` of a profile',
  },
  { on: ANNOTATION, key: `${PREFIX}/apm-inject.injection-mode`, becomes: '`delivery`' },
  { on: ANNOTATION, key: `${PREFIX}/apm-inject.version`, ...INJECTOR },
  { on: ANNOTATION, key: `${PREFIX}/apm-inject.custom-image`, ...INJECTOR },
  {
    on: ANNOTATION,
    key: `${PREFIX}/apm-inject.debug`,
    why: 'agent-injector has no debug mode for pods',
    todo: 'set DD_TRACE_DEBUG=true in the pod; agent-injector explain says what was decided',
  },
  ...['service', 'env', 'version'].map((name): Row => ({
    on: ['pod label'],
    key: `tags.datadoghq.com/${name}`,
    becomes: 'the same; on a workload instead of its pods, an annotation of the pods',
    stays: true,
  })),
  {
    on: ['pod label'],
    key: 'tags.datadoghq.com/{name}',
    becomes: 'the same: the Datadog Agent reads it, and the library does not',
    stays: true,
  },
];

const ON: readonly KeyPlace[] = ['DatadogAgent'];

const instrumentation: readonly Row[] = [
  {
    on: ON,
    key: 'enabled',
    becomes: 'the label `injection: enabled` of namespaces',
    carry: (value, _, draft) => void (draft.isEnabled = value === true),
  },
  {
    on: ON,
    key: 'enabledNamespaces',
    becomes: 'the label `injection: enabled` of these namespaces',
    carry: (value, _, draft) => void (draft.enabledNamespaces = textsIn(value)),
  },
  {
    on: ON,
    key: 'disabledNamespaces',
    becomes: 'nothing: a namespace without the label gets no agents',
    carry: (value, _, draft) => void (draft.disabledNamespaces = textsIn(value)),
  },
  {
    on: ON,
    key: 'libVersions',
    becomes: VERSION,
    carry: (value, _, draft) => void (draft.versions = isObject(value) ? value : {}),
  },
  {
    on: ON,
    key: 'injectionMode',
    becomes: '`delivery`',
    carry: (value, at, { agent }) => {
      for (const [name, text] of deliveryFor(scalarText(value))) agent.set(name, text, at);
    },
  },
  {
    on: ON,
    key: 'targets',
    becomes:
      'annotations of the workloads in the files that a target selects, and an AgentTarget for other pods; annotations of namespaces if it selects all pods',
    carry: (value, _, draft) => void (draft.targets = value),
  },
  ...['languageDetection', 'language_detection'].map((key): Row => ({
    on: ON,
    key,
    why: 'agent-injector does not look into running processes for their language',
    todo: 'name the profile of each workload',
  })),
  { on: ON, key: 'injector', ...INJECTOR },
  { on: ON, key: 'skipKPITelemetry', ...INJECTOR },
];

const TARGET: readonly KeyPlace[] = ['DatadogAgent target'];

const target: readonly Row[] = [
  {
    on: TARGET,
    key: 'name',
    becomes: 'a part of the name of a profile',
    carry: (value, _, draft) => void (draft.name = scalarText(value)),
  },
  {
    on: TARGET,
    key: 'podSelector',
    becomes: 'annotations of the workloads in the files that it selects, and an AgentTarget for other pods',
    carry: (value, _, draft) => void (draft.podSelector = value),
  },
  {
    on: TARGET,
    key: 'namespaceSelector',
    becomes: 'the label `injection: enabled` of namespaces that it names, or that the files have',
    carry: (value, _, draft) => void (draft.namespaceSelector = value),
  },
  {
    on: TARGET,
    key: 'ddTraceVersions',
    becomes: VERSION,
    carry: (value, _, draft) => void (draft.versions = isObject(value) ? value : {}),
  },
  {
    on: TARGET,
    key: 'ddTraceConfigs',
    becomes: '`service-name`, `env`, `app-version`, `agent-url`; other variables are `environment` of a profile',
    carry: (value, at, { agent }) => addVariables(agent, value, at, settingsOfVariable),
  },
];

export const datadogRows: readonly Row[] = [...pods, ...instrumentation, ...target];

function textsIn(value: Json): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

const deliveries: Readonly<Record<string, string>> = {
  init_container: 'initContainer',
  csi: 'csi',
  image_volume: 'image',
};

/** The settings for an injection mode; none for `auto`. The CSI driver must know the registry. */
export function deliveryFor(mode: string): readonly (readonly [setting: string, text: string])[] {
  const delivery = Object.hasOwn(deliveries, mode) ? deliveries[mode] : undefined;
  if (delivery === undefined) return [];
  return [['delivery', delivery], ...(mode === 'csi' ? [['library-registry', 'gcr.io/datadoghq'] as const] : [])];
}
