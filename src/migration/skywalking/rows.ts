import { isObject, type Json } from '../../lib/json.ts';
import { addVariables, AgentDraft } from '../agent-draft.ts';
import { addResources } from '../resources.ts';
import { scalarText } from '../json-text.ts';
import type { KeyPlace, KeyRow } from '../key-row.ts';
import { settingsOfVariable } from './variables.ts';

// What SkyWalking's operator (SWCK) reads. Sources: apache/skywalking-swck:operator/pkg/operator/injector/injector.go,
// operator/pkg/operator/manifests/injector/templates/annotations.yaml, operator/apis/operator/v1alpha1/swagent_types.go.

export class SkyWalkingDraft {
  readonly agent = new AgentDraft();
  selector: Json = {};
  /** A regular expression for names of containers; empty: all. */
  containers = '';
}

type Row = KeyRow<SkyWalkingDraft>;

const PODS: readonly KeyPlace[] = ['pod annotation'];

const RESOURCE: readonly KeyPlace[] = ['SwAgent'];

const PLUGINS = {
  why: 'the plugins are moved by the init container of SWCK, and the one of the profile copies the agent as it is in the image',
  todo: 'build an image with these plugins in /skywalking/agent/plugins, and set agent-image',
};

const COPY = {
  why: 'the command that copies the files and the variable that loads the agent are those of the profile',
  todo: 'nothing, unless another command is needed: then `deliveries` of a profile that extends skywalking-java',
};

const NAME = { becomes: 'nothing: the name, or the path, is that of the profile' };

const SIDECAR = 'sidecar.skywalking.apache.org';

export const skyWalkingRows: readonly Row[] = [
  {
    on: ['namespace label'],
    key: 'swck-injection',
    becomes: 'the label `injection: enabled` for `enabled`; it is not needed where a pod asks',
  },
  {
    on: ['pod label'],
    key: 'swck-java-agent-injected',
    becomes: '`profile: skywalking-java` for `"true"`, `inject: "false"` for `"false"`',
  },
  {
    on: PODS,
    key: 'strategy.skywalking.apache.org/inject.Container',
    becomes: '`containers`, with the names that the regular expression matches',
  },
  { on: PODS, key: 'agent.skywalking.apache.org/agent.service_name', becomes: '`service-name`' },
  {
    on: PODS,
    key: 'agent.skywalking.apache.org/collector.backend_service',
    becomes: '`collector-address`, `collector-port`',
  },
  { on: PODS, key: 'agent.skywalking.apache.org/{option}', becomes: '`-Dskywalking.OPTION`, in a profile' },
  { on: PODS, key: 'plugins.skywalking.apache.org/{option}', becomes: '`-Dskywalking.OPTION`, in a profile' },
  ...[
    'optional.skywalking.apache.org',
    'optional-reporter.skywalking.apache.org',
    'bootstrap.skywalking.apache.org',
  ].map((key): Row => ({ on: PODS, key, ...PLUGINS })),
  { on: PODS, key: `${SIDECAR}/initcontainer.Image`, becomes: '`agent-image`, in a profile' },
  { on: PODS, key: `${SIDECAR}/initcontainer.resources.limits`, becomes: '`limits` of the delivery, in a profile' },
  { on: PODS, key: `${SIDECAR}/initcontainer.resources.requests`, becomes: '`requests` of the delivery, in a profile' },
  ...['initcontainer.Name', 'sidecarVolume.Name', 'sidecarVolumeMount.MountPath'].map((name): Row => ({
    on: PODS,
    key: `${SIDECAR}/${name}`,
    ...NAME,
  })),
  ...['initcontainer.Command', 'initcontainer.args.Option', 'initcontainer.args.Command', 'env.Name', 'env.Value'].map(
    (name): Row => ({ on: PODS, key: `${SIDECAR}/${name}`, ...COPY }),
  ),
  ...['succeed', 'error'].map((name): Row => ({
    on: PODS,
    key: `${SIDECAR}/${name}`,
    becomes: 'nothing: SWCK writes it into pods that it has changed',
  })),
  {
    on: RESOURCE,
    key: 'selector',
    becomes: 'annotations of the workloads in the files that it selects',
    carry: (value, _, draft) => void (draft.selector = { matchLabels: isObject(value) ? value : {} }),
  },
  {
    on: RESOURCE,
    key: 'containerMatcher',
    becomes: '`containers`, with the names that the regular expression matches',
    carry: (value, _, draft) => void (draft.containers = scalarText(value)),
  },
  {
    on: RESOURCE,
    key: 'javaSidecar.image',
    becomes: '`agent-image`, in a profile',
    carry: (value, at, { agent }) => agent.set('agent-image', scalarText(value), at),
  },
  {
    on: RESOURCE,
    key: 'javaSidecar.resources',
    becomes: '`requests` and `limits` of the delivery, in a profile',
    carry: (value, _, { agent }) => addResources(agent, value),
  },
  {
    on: RESOURCE,
    key: 'javaSidecar.env',
    becomes: '`service-name`, `collector-address`, `collector-port`; other variables are `environment` of a profile',
    carry: (value, at, { agent }) => addVariables(agent, value, at, settingsOfVariable),
  },
  ...['command', 'args'].map((name): Row => ({ on: RESOURCE, key: `javaSidecar.${name}`, ...COPY })),
  ...['javaSidecar.name', 'sharedVolumeName'].map((key): Row => ({ on: RESOURCE, key, ...NAME })),
  ...['optionalPlugins', 'optionalReporterPlugins', 'bootstrapPlugins'].map((key): Row => ({
    on: RESOURCE,
    key,
    ...PLUGINS,
  })),
];
