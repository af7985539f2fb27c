import { ours } from '../../support/injected-cluster.ts';
import { container } from '../../support/pod.ts';
import type { NamedPod } from './pods.ts';

type Rest = Readonly<Record<string, unknown>>;

/** Texts that a policy or JSON could take for something else. */
const TEXTS: Readonly<Record<string, string>> = {
  quotes: `"quoted" and 'single'`,
  backslash: String.raw`\ \n \" \u0041 ${'\\'}`,
  newline: 'two\nlines',
  reference: '$(HOME)',
  escapedReference: '$$(HOME)',
  hangul: '제니퍼 서버',
  emoji: '\u{1F600}',
  blank: ' ',
  empty: '',
  expression: '" + string(object.spec) + "',
  long: 'x'.repeat(64 * 1024),
  longest: 'x'.repeat(1024),
  tooLong: 'x'.repeat(1025),
};

const named = (name: string, spec: Rest = {}, metadata: Rest = {}): NamedPod => ({
  name,
  pod: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', ...metadata }, spec: { ...WEB, ...spec } },
});

const WEB = { containers: [container('web')] };

const web = (rest: Rest): Rest => ({ containers: [container('web', rest)] });

const annotated = (name: string, annotations: Record<string, string>): NamedPod =>
  named(name, {}, { annotations: ours(annotations) });

const valueFrom = (name: string): object => ({ name, valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } });

const FILES = { name: 'data', mountPath: '/netagent/' };

/** Each of these meets one rule of the webhook, or the absence of a field. */
export function hostilePods(parameters: readonly string[], variables: readonly string[]): readonly NamedPod[] {
  const values = Object.entries(TEXTS).flatMap(([kind, text]) => [
    ...parameters.map((parameter) => annotated(`${parameter} ${kind}`, { [parameter]: text })),
    named(`foreign annotation ${kind}`, {}, { annotations: { note: text } }),
    named(`variable ${kind}`, web({ env: [{ name: 'OTHER', value: text }] })),
  ]);
  return [...values, ...shapes(), ...switches(), ...variables.flatMap(taken)];
}

/** The author has the variable already. */
function taken(name: string): readonly NamedPod[] {
  return [
    named(`${name} literal`, web({ env: [{ name, value: '-Xmx1g' }] })),
    named(`${name} empty`, web({ env: [{ name, value: '' }] })),
    named(
      `${name} with a reference`,
      web({
        env: [
          { name: 'A', value: 'a' },
          { name, value: '$(A) $(B) $$(A)' },
        ],
      }),
    ),
    named(`${name} from a field`, web({ env: [valueFrom(name)] })),
    named(`${name} from a Secret`, web({ env: [{ name, valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] })),
    ...Object.entries({
      twice: [
        { name, value: 'a' },
        { name, value: 'b' },
      ],
      'twice, a text before a field': [{ name, value: 'a' }, valueFrom(name)],
      'twice, a field before a text': [valueFrom(name), { name, value: 'a' }],
      'twice, an optional key before a text': [
        { name, valueFrom: { configMapKeyRef: { name: 'c', key: 'k', optional: true } } },
        { name, value: 'a' },
      ],
      'beside another one twice': [
        { name: 'OTHER', value: `$(${name}_ORIGINAL)` },
        valueFrom(name),
        { name: 'OTHER', value: 'b' },
      ],
      'beside an agent that a later value removes': [
        { name: 'JAVA_TOOL_OPTIONS', value: '-javaagent:/otel/opentelemetry-javaagent.jar' },
        { name: 'CORECLR_ENABLE_PROFILING', value: '0' },
        { name: 'CORECLR_ENABLE_PROFILING', value: '1' },
        { name: 'JAVA_TOOL_OPTIONS', value: '-Xmx1g' },
      ],
    }).map(([what, env]) => named(`${name} ${what}`, web({ env }))),
  ];
}

function shapes(): readonly NamedPod[] {
  const mounted = (mount: Rest): Rest => ({
    volumes: [{ name: 'data', emptyDir: {} }],
    ...web({ volumeMounts: [mount] }),
  });
  const restart = { restartPolicy: 'Always' };
  return [
    named('nothing'),
    named('no name', {}, { name: undefined, generateName: 'web-' }),
    named('empty lists', { ...web({ env: [], volumeMounts: [], envFrom: [] }), volumes: [], initContainers: [] }),
    named('empty maps', {}, { labels: {}, annotations: {} }),
    named('two containers', { containers: [container('web'), container('worker')] }),
    named('a sidecar of a mesh', {
      containers: [container('web'), container('istio-proxy'), container('linkerd-proxy')],
    }),
    named('a sidecar only', { containers: [container('istio-proxy')] }),
    named('twenty-five containers', { containers: Array.from({ length: 25 }, (_, index) => container(`c${index}`)) }),
    named('init containers', { initContainers: [container('first'), container('second')] }),
    named('a native sidecar', { initContainers: [container('proxy', restart), container('migrate')] }),
    named('envFrom', web({ envFrom: [{ configMapRef: { name: 'settings' } }] })),
    named('envFrom with a prefix', web({ envFrom: [{ prefix: 'X_', secretRef: { name: 'settings' } }] })),
    named('mounted at the files', mounted({ name: 'data', mountPath: '/netagent' })),
    named('mounted at the files, with a slash', mounted(FILES)),
    named('mounted below the files', mounted({ name: 'data', mountPath: '/netagent/logs' })),
    named('mounted at the root of many', mounted({ name: 'data', mountPath: '/opt' })),
    named('a relative mount', mounted({ name: 'data', mountPath: '/opt/../netagent' })),
    named('the claim is there', {
      volumes: [{ name: 'files', persistentVolumeClaim: { claimName: 'my-agent-file' } }],
    }),
    named('Windows', { os: { name: 'windows' } }),
    named('Linux', { os: { name: 'linux' } }),
    named('nodes of Windows', { nodeSelector: { 'kubernetes.io/os': 'windows' } }),
    named('nodes of arm64', { nodeSelector: { 'kubernetes.io/arch': 'arm64' } }),
    named('users of the host', { hostUsers: false }),
    named('network of the host', { hostNetwork: true }),
    named(
      'read-only root',
      web({ securityContext: { readOnlyRootFilesystem: true, runAsNonRoot: true, runAsUser: 1000 } }),
    ),
    named('Alpine', { containers: [{ name: 'web', image: 'library/node:22-alpine' }] }),
    named('by digest', {
      containers: [{ name: 'web', image: `registry.example.com:5000/a/b@sha256:${'a'.repeat(64)}` }],
    }),
    named('pull secrets', { imagePullSecrets: [{ name: 'mine' }] }),
    named('no token', { automountServiceAccountToken: false }),
    named('of a DaemonSet', {}, { ownerReferences: [ownedBy('DaemonSet', 'agent')] }),
    named('of a Job', {}, { ownerReferences: [ownedBy('Job', 'report-29384756')] }),
    named(
      'a hundred variables',
      web({ env: Array.from({ length: 100 }, (_, index) => ({ name: `V${index}`, value: '$(V0)' })) }),
    ),
  ];
}

const ownedBy = (kind: string, name: string): object => ({
  apiVersion: kind === 'Job' ? 'batch/v1' : 'apps/v1',
  kind,
  name,
  uid: '0f5d5b2c-9a53-4ed5-93ab-6a3a0b6d3b1e',
  controller: true,
});

/** What asks for an agent, or against it. */
function switches(): readonly NamedPod[] {
  const labelled = (value: string): NamedPod => named(`label ${value}`, {}, { labels: ours({ injection: value }) });
  return [
    ...['true', 'false', 'False', 'FALSE', ' false', 'false ', 'no', '0', 'disabled', ''].map((value) =>
      annotated(`inject ${JSON.stringify(value)}`, { inject: value }),
    ),
    ...['enabled', 'disabled', 'required', 'Disabled', ''].map(labelled),
    ...['none', 'other', ''].map((value) => annotated(`profile ${JSON.stringify(value)}`, { profile: value })),
    ...['*', 'web', 'w*', 'nothing', '', ' web , worker ', 'image:*', 'env:HOME', '[', '.*'].map((value) =>
      annotated(`containers ${JSON.stringify(value)}`, { containers: value }),
    ),
    ...['none', 'image', 'preinstalled', 'x'].map((value) => annotated(`delivery ${value}`, { delivery: value })),
    annotated('suspended', { suspended: 'true' }),
    annotated('libc', { libc: 'musl' }),
    annotated('libc of one', { 'libc.agent-injector.io/web': 'musl' }),
    annotated('a record', { status: '{}' }),
    annotated('a misspelled key', { injekt: 'false' }),
    annotated('a forged mark of the webhook', { injected: 'true' }),
  ];
}
