import { type Json, type JsonObject, isObject } from '../../lib/json.ts';
import { addVariables, AgentDraft } from '../agent-draft.ts';
import { addResources } from '../resources.ts';
import { scalarText } from '../json-text.ts';
import type { KeyPlace, KeyRow } from '../key-row.ts';
import { settingsOfVariable } from './variables.ts';

// The fields that New Relic's operator reads. Source: newrelic/k8s-agents-operator:api/v1beta1, v1beta2, v1beta3 (instrumentation_types.go).

export class NewRelicDraft {
  readonly agent = new AgentDraft();
  language = '';
  podSelector: Json = {};
  namespaceSelector: Json = {};
  containerSelector: JsonObject = {};
}

type Row = KeyRow<NewRelicDraft>;

const ON: readonly KeyPlace[] = ['Instrumentation'];

const HEALTH = {
  why: 'it is a sidecar that reports the health of the agent, and agent-injector adds no sidecars',
  todo: 'agent-injector verify, and agent-injector observe, say whether agents work',
};

/** Where the ConfigMap of the Java agent is mounted. */
const CONFIG = '/newrelic-config';

const OPENTELEMETRY = { becomes: 'nothing: it is about OpenTelemetry, and the agents of New Relic do not read it' };

export const newRelicRows: readonly Row[] = [
  {
    on: ON,
    key: 'podLabelSelector',
    becomes:
      'annotations of the workloads in the files that it selects, and an AgentTarget for other pods; annotations of the namespace if it selects all pods',
    carry: (value, _, draft) => void (draft.podSelector = value),
  },
  {
    on: ON,
    key: 'namespaceLabelSelector',
    becomes: 'the label `injection: enabled` of the namespaces in the files that it selects',
    carry: (value, _, draft) => void (draft.namespaceSelector = value),
  },
  {
    on: ON,
    key: 'containerSelector',
    becomes: '`containers`, with the names of the containers that it selects; without it, the name of the first one',
    carry: (value, _, draft) => void (draft.containerSelector = isObject(value) ? value : {}),
  },
  {
    on: ON,
    key: 'licenseKeySecret',
    becomes: '`license-secret`, in a profile. The Secret must be in the namespace of the pod: it is not copied',
    carry: (value, at, { agent }) => agent.set('license-secret', scalarText(value), at),
  },
  {
    on: ON,
    key: 'agentConfigMap',
    becomes:
      '`objects` and `NEWRELIC_FILE`, in a profile. The ConfigMap must be in the namespace of the pod: it is not copied',
    carry: (value, at, { agent }) => {
      agent.objects.push({ path: CONFIG, configMap: scalarText(value) });
      agent.setVariable({ name: 'NEWRELIC_FILE', value: `${CONFIG}/newrelic.yaml` }, at);
    },
  },
  {
    on: ON,
    key: 'agent.language',
    becomes: '`profile: newrelic-java`, `-nodejs`, `-python` or `-dotnet`',
    carry: (value, _, draft) => void (draft.language = scalarText(value)),
  },
  {
    on: ON,
    key: 'agent.image',
    becomes: '`agent-image`, in a profile',
    carry: (value, at, { agent }) => agent.set('agent-image', scalarText(value), at),
  },
  {
    on: ON,
    key: 'agent.imagePullPolicy',
    becomes: '`pullPolicy` of the deliveries, in a profile',
    carry: (value, _, { agent }) => void agent.delivery.set('pullPolicy', value),
  },
  {
    on: ON,
    key: 'agent.volumeLimitSize',
    becomes: '`sizeLimit` of the delivery, in a profile',
    carry: (value, _, { agent }) => void agent.delivery.set('sizeLimit', scalarText(value)),
  },
  {
    on: ON,
    key: 'agent.env',
    becomes: '`app-name`, `collector-host`, `labels`; other variables are `environment` of a profile',
    carry: (value, at, { agent }) => addVariables(agent, value, at, settingsOfVariable),
  },
  {
    on: ON,
    key: 'agent.resourceRequirements',
    becomes: '`requests` and `limits` of the delivery, in a profile',
    carry: (value, _, { agent }) => addResources(agent, value),
  },
  {
    on: ON,
    key: 'agent.securityContext',
    why: 'the init container always runs with the restricted settings, as the user of the app',
    todo: 'nothing, unless the cluster assigns users: then securityContext.omit of the delivery, in a profile',
  },
  { on: ON, key: 'healthAgent', ...HEALTH },
  ...['exporter', 'resource', 'propagators', 'sampler'].map((key): Row => ({ on: ON, key, ...OPENTELEMETRY })),
];
