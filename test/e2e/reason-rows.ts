import { articleEnvironment } from '../support/fixtures.ts';
import { profileText } from '../support/mounted-directory.ts';
import type { ReasonCode } from '../../src/reasons/reason.ts';
import { ours } from '../support/injected-cluster.ts';
import { container, type Pod, type PodOptions } from '../support/pod.ts';

/** Where reasons are reported. */
export const places = ['annotation', 'warning', 'audit', 'event', 'log', 'metric'] as const;
export type Place = (typeof places)[number];

/** How a reason is caused, and the places where it is not reported, in addition to those that follow from its kind. */
export interface Row {
  /** Settings and labels of the namespace, in addition to those that opt in. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** The pod, owned by a Deployment. */
  readonly pod?: PodOptions;
  /** `pod`, the default: the pod is created. `direct`: the review is sent without the API server, which would not send it. */
  readonly by?:
    | 'pod'
    | 'direct'
    | 'update'
    | 'config-map'
    | 'deployment'
    | 'unlabelled'
    | 'nowhere'
    | 'flood'
    | 'overload'
    | 'defect'
    | 'rehearsal'
    | 'breaker';
  readonly absent?: Readonly<Partial<Record<Place, string>>>;
}

const KNOWN_IMAGES = 'known.example.com';

/** Facts about images for this test. */
export const imageFacts = {
  apiVersion: 'agent-injector.io/v1alpha1',
  kind: 'ImageFacts',
  images: [
    ['profiler', { name: 'CORECLR_PROFILER', value: '{846F5F1C-F9AE-4B07-969E-05C26BC060D8}' }] as const,
    ['java', { name: 'JAVA_TOOL_OPTIONS', value: '-Xmx1g' }] as const,
    ['node', { name: 'NODE_OPTIONS', value: '' }] as const,
  ].map(([name, variable], index) => ({
    image: `${KNOWN_IMAGES}/${name}:1`,
    digest: `sha256:${String(index).repeat(64)}`,
    read: new Date().toISOString(),
    platforms: ['linux/amd64'],
    variables: [variable],
    ...(name === 'node' && {
      language: { is: 'nodejs', by: 'NODE_VERSION' },
      entrypoint: ['docker-entrypoint.sh'],
    }),
  })),
};

const env = (name: string, value: string): Pod['spec'] => ({
  containers: [container('app', { env: [{ name, value }] })],
});
const settings = (values: Readonly<Record<string, string>>): PodOptions => ({ annotations: ours(values) });
const noApiServer = {
  audit: 'the API server does not send the review',
  annotation: 'no pod is created',
  event: 'there is no workload',
} as const;

/** Profiles for this test. */
export const profiles: Readonly<Record<string, string>> = {
  'probe-elsewhere.yaml': profileText('probe-elsewhere', { namespaces: ['elsewhere'] }),
  'probe-arm.yaml': profileText('probe-arm', { constraints: { os: ['linux'], arch: ['arm64'] } }),
  'probe-future.yaml': profileText('probe-future', { constraints: { os: ['linux'], kubernetes: '1.99' } }),
  'probe-lost.yaml': profileText('probe-lost', {
    parameters: [{ name: 'lost-image', type: 'image', description: 'Never set.' }],
    deliveries: [{ image: { reference: '${lost-image}' } }],
    mounts: [{ path: '/lost' }],
  }),
  'probe-files.yaml': profileText('probe-files', {
    files: [{ path: '/etc/probe.conf', content: 'x'.repeat(1000) }],
  }),
  'probe-shared.yaml': profileText('probe-shared', {
    slots: ['jvm-agent'],
    environment: [{ name: 'JAVA_TOOL_OPTIONS', operation: 'append', separator: ' ', value: '-javaagent:/probe.jar' }],
  }),
  'probe-slot.yaml': profileText('probe-slot', { slots: ['jvm-agent'] }),
  'probe-slot-too.yaml': profileText('probe-slot-too', {
    slots: ['jvm-agent'],
    environment: [{ name: 'B', value: '1' }],
  }),
  'probe-conflict.yaml': profileText('probe-conflict', {
    conflicts: [{ code: 'any-image', match: [{ image: '*' }], message: 'it conflicts with any image' }],
  }),
  'probe-append.yaml': profileText('probe-append', {
    environment: [{ name: 'JAVA_TOOL_OPTIONS', operation: 'append', separator: ' ', value: '-Dprobe' }],
  }),
};

/** One row for each code. The test fails if a reason is not reported in exactly the places of its row. */
export const rows: { readonly [code in ReasonCode]: Row } = {
  'not-a-pod': { by: 'config-map', absent: { annotation: 'there is no pod', event: 'there is no pod' } },
  'not-a-creation': { by: 'update', absent: { event: 'the pod of an update is not read' } },
  'mirror-pod': {
    pod: {
      annotations: { 'kubernetes.io/config.mirror': 'x' },
      spec: { containers: [container('app')], nodeName: 'a-node' },
    },
  },
  'namespace-not-enabled': { by: 'unlabelled', absent: noApiServer },
  'other-revision': { labels: ours({ revision: 'canary' }) },
  'opted-out': { pod: settings({ inject: 'false' }) },
  suspended: { settings: { suspended: 'INC-123' } },
  'outside-canary': { settings: { canary: '0' } },
  'dry-run': { by: 'rehearsal', absent: { annotation: 'the pod is not changed' } },
  'breaker-open': { by: 'breaker' },
  'already-instrumented': {
    pod: {
      annotations: ours({ delivery: 'preinstalled' }),
      spec: { containers: [container('app', { env: articleEnvironment })] },
    },
  },
  'variables-already-set': { pod: { spec: { containers: [container('app', { env: articleEnvironment })] } } },
  'malformed-pod': { by: 'direct', pod: { spec: { containers: [] } }, absent: noApiServer },
  'no-profile': { settings: { profile: 'none' } },
  'auto-without-profiles': { settings: { profile: 'auto' } },
  'language-not-proven': { settings: { profile: 'auto(opentelemetry-java)' } },
  'languages-ambiguous': {
    settings: { profile: 'auto(opentelemetry-nodejs)' },
    pod: { spec: { containers: [container('app', { image: `${KNOWN_IMAGES}/node:1`, args: ['python3', 'app.py'] })] } },
  },
  'language-without-profile': {
    settings: { profile: 'auto(opentelemetry-java)' },
    pod: { spec: { containers: [container('app', { command: ['node'] })] } },
  },
  'profiles-ambiguous': {
    settings: { profile: 'auto(opentelemetry-java, jennifer-java)' },
    pod: { spec: { containers: [container('app', { command: ['java'] })] } },
  },
  'unknown-profile': { settings: { profile: 'jenifer-dotnet' } },
  'unknown-delivery': { pod: settings({ delivery: 'carrier-pigeon' }) },
  'invalid-value': { pod: settings({ 'domain-id': '40000' }) },
  'annotations-full': {
    settings: { profile: 'probe-files' },
    pod: { annotations: { 'team.example.com/notes': 'x'.repeat(262_000) } },
    absent: { annotation: 'there is no room for it' },
  },
  'value-too-long': { settings: { 'server-address': 'x'.repeat(2000) } },
  'missing-parameter': { settings: { profile: 'opentelemetry-dotnet', 'server-address': 'x' } },
  'no-target-container': { pod: { spec: { containers: [container('istio-proxy')] } } },
  'owner-excluded': { settings: { 'exclude-owners': 'ReplicaSet' } },
  'profile-not-allowed': { settings: { profile: 'probe-elsewhere' } },
  'os-unsupported': { pod: { spec: { containers: [container('app')], os: { name: 'windows' } } } },
  'arch-unsupported': {
    settings: { profile: 'probe-arm' },
    pod: { spec: { containers: [container('app')], nodeSelector: { 'kubernetes.io/arch': 'amd64' } } },
  },
  'libc-unsupported': {
    pod: { spec: { containers: [container('app', { image: 'registry.example.com/app:1-alpine' })] } },
  },
  'kubernetes-unsupported': { settings: { profile: 'probe-future' } },
  'delivery-not-possible': {
    settings: { delivery: 'hostPath' },
    labels: { 'pod-security.kubernetes.io/enforce': 'baseline' },
  },
  'no-fitting-delivery': { settings: { profile: 'probe-lost' } },
  'claim-unusable': { settings: { 'claim-name': 'nowhere' } },
  'foreign-agent': {
    settings: { profile: 'probe-slot' },
    pod: { spec: env('JAVA_TOOL_OPTIONS', '-javaagent:/opt/opentelemetry-javaagent.jar') },
  },
  'slot-shared': {
    settings: { profile: 'probe-shared' },
    pod: { spec: env('JAVA_TOOL_OPTIONS', '-javaagent:/opt/opentelemetry-javaagent.jar -javaagent:/probe.jar') },
  },
  'foreign-agent-requested': {
    settings: { profile: 'probe-slot' },
    pod: { annotations: { 'instrumentation.opentelemetry.io/inject-java': 'true' } },
  },
  'slot-taken': { settings: { profile: 'probe-slot,probe-slot-too' } },
  'profile-conflict': { settings: { profile: 'probe-conflict' } },
  'unproven-variable': {
    settings: { profile: 'probe-append' },
    pod: { spec: { containers: [container('app', { envFrom: [{ secretRef: { name: 'x' } }] })] } },
  },
  'image-conflict': { pod: { spec: { containers: [container('app', { image: `${KNOWN_IMAGES}/profiler:1` })] } } },
  'image-variable-kept': {
    settings: { profile: 'probe-shared' },
    pod: { spec: { containers: [container('app', { image: `${KNOWN_IMAGES}/java:1` })] } },
    absent: { event: 'nothing is to be done about it' },
  },
  'image-unknown': { settings: { profile: 'probe-shared' } },
  'foreign-profiler': { pod: { spec: env('CORECLR_PROFILER', '{846F5F1C-F9AE-4B07-969E-05C26BC060D8}') } },
  'profiling-disabled': { pod: { spec: env('CORECLR_ENABLE_PROFILING', '0') } },
  'conflicting-variable': { pod: { spec: env('CORECLR_ENABLE_PROFILING', '2') } },
  'mount-path-taken': {
    pod: {
      spec: {
        containers: [container('app', { volumeMounts: [{ name: 'x', mountPath: '/netagent' }] })],
        volumes: [{ name: 'x', emptyDir: {} }],
      },
    },
  },
  'namespace-unknown': { by: 'nowhere', absent: noApiServer },
  'namespace-unavailable': { by: 'flood', absent: noApiServer },
  'patch-too-large': {
    pod: { spec: { containers: Array.from({ length: 500 }, (_, index) => container(`c${index}`)) } },
  },
  'rule-broken': { by: 'defect' },
  'internal-error': { by: 'defect' },
  overloaded: {
    by: 'overload',
    pod: { spec: { containers: Array.from({ length: 500 }, (_, index) => container(`c${index}`)) } },
    absent: noApiServer,
  },
  'unknown-annotation': { pod: settings({ 'domian-id': '7' }) },
  'container-not-found': { pod: settings({ containers: 'app,wbe' }) },
  'fact-ignored': {
    settings: { profile: 'opentelemetry-sdk', 'otlp-endpoint': 'http://collector:4318' },
    pod: { annotations: { 'resource.opentelemetry.io/service.name': 'shop,api' } },
  },
  'parameter-unused': {
    settings: { profile: 'opentelemetry-nodejs', 'otlp-endpoint': 'http://collector:4318' },
    pod: settings({ 'agent-version': '0.78.0' }),
  },
  'setting-locked': { pod: settings({ 'init-position': 'last' }) },
  'parameter-locked': { pod: settings({ 'agent-image': 'registry.example.com/own:1' }) },
  'required-opt-out': {
    labels: ours({ injection: 'required' }),
    pod: settings({ inject: 'false' }),
  },
  'owner-not-excluded': {
    labels: ours({ injection: 'required' }),
    settings: { 'exclude-owners': 'ReplicaSet' },
  },
  advisory: { pod: { spec: env('DOTNET_EnableDiagnostics', '0') } },
  'foreign-agent-present': { pod: { spec: env('JAVA_TOOL_OPTIONS', '-javaagent:/opt/opentelemetry-javaagent.jar') } },
  'misplaced-key': {
    by: 'deployment',
    absent: {
      warning: 'the workload is read after the answer',
      audit: 'the workload is read after the answer',
    },
  },
  'unknown-label': { pod: { labels: ours({ inject: 'true' }) } },
};
