import { isObject, type Json, textIn } from '../../lib/json.ts';
import { addVariable, AgentDraft } from '../agent-draft.ts';
import { scalarText } from '../json-text.ts';
import type { Carry, KeyPlace, KeyRow } from '../key-row.ts';
import { settingsOfVariable } from './variables.ts';

// What Elastic's attacher reads. Sources: elastic/apm-k8s-attacher:main.go (the annotation), patch.go (variables), charts/apm-attacher/values.yaml.

/** The agents of the chart's values, by the name that annotations use. */
export class ElasticDraft {
  readonly agents = new Map<string, AgentDraft>();

  agent(name: string): AgentDraft {
    const draft = this.agents.get(name) ?? new AgentDraft();
    this.agents.set(name, draft);
    return draft;
  }
}

type Row = KeyRow<ElasticDraft>;

const ON: readonly KeyPlace[] = ['Values'];

const SECRET = {
  why: 'agent-injector writes no Secrets',
  todo: 'create Secret apm-agent-auth with the key secret_token or api_key in each namespace; its name is the setting apm-secret',
};

const ATTACHER = { becomes: 'nothing: it is about the attacher itself' };

export const elasticRows: readonly Row[] = [
  {
    on: ['pod annotation'],
    key: 'co.elastic.apm/attach',
    becomes: '`profile: elastic-java`, `elastic-nodejs` or `elastic-dotnet`',
  },
  {
    on: ON,
    key: 'webhookConfig.agents.{agent}.image',
    becomes: '`agent-image`, in a profile',
    carry: (value, at, draft, [name = '']) => draft.agent(name).set('agent-image', scalarText(value), at),
  },
  {
    on: ON,
    key: 'webhookConfig.agents.{agent}.environment',
    becomes:
      '`apm-server-url`, `service-name`, `deployment-environment`; other variables are `environment` of a profile, and those that load the agent are its own',
    carry: carryEnvironment,
  },
  {
    on: ON,
    key: 'webhookConfig.agents.{agent}.artifact',
    becomes: 'nothing: the profile knows where the files are in the images of Elastic',
  },
  {
    on: ON,
    key: 'apm.namespaces',
    becomes: 'nothing: namespaces with annotated pods get the label `injection: enabled`',
  },
  { on: ON, key: 'apm.secret_token', ...SECRET },
  { on: ON, key: 'apm.api_key', ...SECRET },
  ...[
    'image',
    'certFile',
    'keyFile',
    'replicaCount',
    'service',
    'container',
    'podAnnotations',
    'podLabels',
    'resources',
    'nodeSelector',
    'tolerations',
    'affinity',
  ].map((key): Row => ({ on: ON, key, ...ATTACHER })),
];

/** Variables that load the agent from the attacher's directory: the profile has its own. */
const DIRECTORY = '/elastic/apm/agent';

const LOADING: ReadonlySet<string> = new Set(['CORECLR_ENABLE_PROFILING', 'CORECLR_PROFILER']);

function carryEnvironment(
  value: Json,
  at: Parameters<Carry<ElasticDraft>>[1],
  draft: ElasticDraft,
  [name = '']: readonly string[],
): void {
  const environment = isObject(value) ? value : {};
  for (const variable of Object.keys(environment)) {
    const text = textIn(environment, variable);
    if (LOADING.has(variable) || text.includes(DIRECTORY)) continue;
    const entry = { name: variable, value: scalarText(environment[variable]) };
    addVariable(draft.agent(name), entry, { ...at, path: [...at.path, variable] }, settingsOfVariable);
  }
}
