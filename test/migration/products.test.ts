import assert from 'node:assert/strict';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { Container } from '../../src/kubernetes/pod.ts';
import { admissionsOf, imported, manifestsIn, withDocuments } from '../support/imported.ts';

// What pods get after an import, by product. docs/migrate.md has the usual cases; these are the others.

interface Workload {
  readonly name?: string;
  readonly namespace?: string;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly ownLabels?: Record<string, string>;
  readonly containers?: readonly (string | object)[];
}

const workload = ({ name = 'web', namespace = 'shop', labels = {}, annotations = {}, ...rest }: Workload) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace, labels: rest.ownLabels ?? {} },
  spec: {
    template: {
      metadata: { labels, annotations },
      spec: {
        containers: (rest.containers ?? ['app']).map((one) =>
          typeof one === 'string' ? { name: one, image: `registry.example.com/${one}:1` } : one,
        ),
      },
    },
  },
});

const namespace = (name: string, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, ...metadata },
});

/** The pods that the documents lead to, and the keys that were lost. */
function after(...documents: readonly object[]) {
  const result = imported(
    documents.map((one) => stringify(one, { aliasDuplicateObjects: false, version: '1.1' })).join('---\n'),
  );
  const { profiles, targets } = result.migration;
  const admissions = admissionsOf(manifestsIn(result), withDocuments(profiles));
  const lost = result.report.filter(({ outcome }) => outcome === 'lost').map(({ key }) => key);
  return { lost, admissions, targets, report: result.report, text: manifestsIn(result) };
}

function variablesOf(container: Container | undefined): Record<string, string | undefined> {
  assert(container);
  return Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value]));
}

/** The variables of the first container of the first pod, which must be injected. */
function injected(...documents: readonly object[]) {
  const result = after(...documents);
  const [first] = result.admissions;
  expect(first?.decision.outcome).toBe('injected');
  return { ...result, variables: variablesOf(first?.pod.spec.containers[0]), pod: first?.pod };
}

const otelInstrumentation = (name: string, spec: object, place = 'shop') => ({
  apiVersion: 'opentelemetry.io/v1alpha1',
  kind: 'Instrumentation',
  metadata: { name, namespace: place },
  spec: { exporter: { endpoint: 'http://collector:4318' }, ...spec },
});

const otel = (name: string, value = 'true') => ({ [`instrumentation.opentelemetry.io/${name}`]: value });

describe('OpenTelemetry Operator', () => {
  it('of several Instrumentations, a pod gets the one that it names, and the others are reported', () => {
    const { variables, lost, text } = injected(
      otelInstrumentation('a', { sampler: { type: 'always_off' } }),
      otelInstrumentation('b', { sampler: { type: 'always_on' } }),
      workload({ annotations: otel('inject-java', 'b') }),
    );
    expect(variables).toMatchObject({ OTEL_TRACES_SAMPLER: 'always_on' });
    expect(lost).toEqual(['spec']);
    expect(text).not.toContain('always_off');
  });

  it('one of another namespace is for the pod that names it', () => {
    const { variables } = injected(
      workload({ annotations: otel('inject-java', 'tools/java') }),
      otelInstrumentation('java', { propagators: ['b3'] }, 'tools'),
    );
    expect(variables).toMatchObject({ OTEL_PROPAGATORS: 'b3' });
  });

  it('a namespace asks for its pods, one of which does not want it', () => {
    const { admissions, text } = after(
      namespace('shop', { annotations: otel('inject-java') }),
      otelInstrumentation('java', {}),
      workload({ name: 'web' }),
      workload({ name: 'db', annotations: otel('inject-java', 'false') }),
    );
    expect(admissions.map(({ decision }) => decision.outcome)).toEqual(['injected', 'skipped']);
    expect(text).not.toContain('instrumentation.opentelemetry.io');
  });

  it('a pod that does not ask gets nothing, also if its neighbour does', () => {
    const { admissions } = after(
      otelInstrumentation('java', {}),
      workload({ name: 'web', annotations: otel('inject-java') }),
      workload({ name: 'db' }),
    );
    expect(admissions.map(({ decision }) => decision.outcome)).toEqual(['injected', 'skipped']);
  });

  it('languages that differ in a setting have one each', () => {
    const { admissions } = after(
      otelInstrumentation('all', {
        java: { env: [{ name: 'OTEL_SERVICE_NAME', value: 'orders' }] },
        nodejs: { env: [{ name: 'OTEL_SERVICE_NAME', value: 'front' }] },
      }),
      workload({ name: 'a', annotations: otel('inject-java') }),
      workload({ name: 'b', annotations: otel('inject-nodejs') }),
    );
    const names = admissions.map(({ pod }) => variablesOf(pod.spec.containers[0])['OTEL_RESOURCE_ATTRIBUTES'] ?? '');
    expect(names[0]).toMatch(/service\.name=orders(,|$)/);
    expect(names[1]).toMatch(/service\.name=front(,|$)/);
  });

  it('variables are stronger than fields, and those of a language than both', () => {
    const { variables } = injected(
      otelInstrumentation('java', {
        sampler: { type: 'always_off' },
        env: [
          { name: 'OTEL_TRACES_SAMPLER', value: 'always_on' },
          { name: 'OTEL_LOGS_EXPORTER', value: 'otlp' },
        ],
        java: { env: [{ name: 'OTEL_LOGS_EXPORTER', value: 'none' }] },
      }),
      workload({ annotations: otel('inject-java') }),
    );
    expect(variables).toMatchObject({ OTEL_TRACES_SAMPLER: 'always_on', OTEL_LOGS_EXPORTER: 'none' });
  });

  it('what only a profile can say is in one: image, resources, size, labels, variables of other names and by reference', () => {
    const { variables, pod, lost } = injected(
      otelInstrumentation('java', {
        imagePullPolicy: 'Always',
        defaults: { useLabelsForResourceAttributes: true },
        java: {
          image: 'registry.example.com/java:1',
          volumeLimitSize: '50Mi',
          resources: { limits: { memory: '64Mi' } },
          env: [
            { name: 'APP', value: 'a b' },
            { name: 'KEY', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
            { name: 'JAVA_TOOL_OPTIONS', value: '-Xmx1g' },
          ],
        },
      }),
      workload({
        annotations: otel('inject-java'),
        labels: { 'app.kubernetes.io/name': 'cart' },
        // Without limits of its own, a pod gets none for the init container.
        containers: [{ name: 'app', image: 'app:1', resources: { limits: { cpu: '1', memory: '1Gi' } } }],
      }),
    );
    expect(lost).toEqual([]);
    expect(variables).toMatchObject({
      APP: 'a b',
      OTEL_RESOURCE_ATTRIBUTES: expect.stringContaining('service.name=cart'),
    });
    expect(variables['JAVA_TOOL_OPTIONS']).toMatch(/-javaagent:.* -Xmx1g|-Xmx1g -javaagent:/);
    expect(pod?.spec.initContainers?.[0]).toMatchObject({
      image: 'registry.example.com/java:1',
      imagePullPolicy: 'Always',
      resources: { limits: { memory: '64Mi' } },
    });
    expect(pod?.spec.volumes?.[0]).toMatchObject({ emptyDir: { sizeLimit: '50Mi' } });
  });

  it.each([
    ['a value', { value: 'a=b' }, { value: 'a=b' }],
    [
      'another Secret',
      { valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
      { valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
    ],
    [
      'a ConfigMap',
      { valueFrom: { configMapKeyRef: { name: 's', key: 'k' } } },
      { valueFrom: { configMapKeyRef: { name: 's', key: 'k' } } },
    ],
  ])('a variable that the profile takes from a Secret can be %s', (_, given, expected) => {
    const { pod, lost } = injected(
      otelInstrumentation('java', { env: [{ name: 'OTEL_EXPORTER_OTLP_HEADERS', ...given }] }),
      workload({ annotations: otel('inject-java') }),
    );
    expect(lost).toEqual([]);
    const headers = pod?.spec.containers[0]?.env?.find(({ name }) => name === 'OTEL_EXPORTER_OTLP_HEADERS');
    expect(headers).toMatchObject(expected);
  });

  it('certificates: keys of other names, all from a Secret, and paths in the image', () => {
    const { variables } = injected(
      otelInstrumentation('java', {
        exporter: {
          endpoint: 'https://collector:4318',
          tls: { secretName: 'tls', ca_file: 'root.pem', cert_file: 'client.pem', key_file: '/etc/key.pem' },
        },
      }),
      workload({ annotations: otel('inject-java') }),
    );
    expect(variables).toMatchObject({
      OTEL_EXPORTER_OTLP_CERTIFICATE: '/etc/opentelemetry/client/root.pem',
      OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: '/etc/opentelemetry/client/client.pem',
      OTEL_EXPORTER_OTLP_CLIENT_KEY: '/etc/key.pem',
    });
  });

  it('a value that our setting cannot have, and an annotation without an Instrumentation, are reported', () => {
    const { lost } = after(
      otelInstrumentation('java', { sampler: { type: 'my_sampler' } }),
      workload({ annotations: otel('inject-java') }),
      workload({ name: 'b', namespace: 'other', annotations: otel('inject-java') }),
    );
    expect(lost.toSorted()).toEqual(['instrumentation.opentelemetry.io/inject-java', 'type']);
  });

  it('what the author has set already stays, with a line', () => {
    const { text, lost } = after(
      namespace('shop', { annotations: { 'agent-injector.io/otlp-endpoint': 'http://mine:4318' } }),
      otelInstrumentation('java', {}),
      workload({ annotations: otel('inject-java') }),
    );
    expect(lost).toEqual(['agent-injector.io/otlp-endpoint']);
    expect(text).toContain('http://mine:4318');
    expect(text).not.toContain('http://collector:4318');
  });
});

const newRelic = (spec: object) => ({
  apiVersion: 'newrelic.com/v1beta2',
  kind: 'Instrumentation',
  metadata: { name: 'nr', namespace: 'newrelic' },
  spec: { agent: { language: 'java', image: 'newrelic/newrelic-java-init:9.3.0.0' }, ...spec },
});

/** The containers that have the agent. */
const withAgent = ({ admissions }: ReturnType<typeof after>): readonly string[] =>
  admissions.flatMap(({ decision }) =>
    decision.containers.flatMap((one) => (one.outcome === 'injected' ? [one.container] : [])),
  );

describe('New Relic', () => {
  const env = (name: string, value: string) => [{ name, value }];
  const containers = [
    { name: 'one', image: 'registry.example.com/java:1' },
    { name: 'two', image: 'registry.example.com/java:2', env: env('NRI', 'on') },
    { name: 'three', image: 'example.org/other:2', env: env('NRI', 'off') },
  ];

  it.each([
    ['nothing: the first', {}, ['one']],
    ['a variable', { envSelector: { matchExpressions: [{ key: 'NRI', operator: 'Exists' }] } }, ['two', 'three']],
    ['a value', { envSelector: { matchEnvs: { NRI: 'on' } } }, ['two']],
    [
      'an image',
      { imageSelector: { matchExpressions: [{ key: 'url', operator: 'StartsWith', values: ['registry.'] }] } },
      ['one', 'two'],
    ],
    [
      'not an image',
      { imageSelector: { matchExpressions: [{ key: 'url', operator: 'NotEndsWith', values: [':2'] }] } },
      ['one'],
    ],
    [
      'names',
      { nameSelector: { matchExpressions: [{ key: 'container', operator: 'NotIn', values: ['one'] }] } },
      ['two', 'three'],
    ],
    [
      'both',
      { nameSelector: { matchNames: { anyContainer: 'three' } }, envSelector: { matchEnvs: { NRI: 'off' } } },
      ['three'],
    ],
    ['an annotation', { namesFromPodAnnotation: 'example.com/apm' }, ['three']],
    ['none', { nameSelector: { matchNames: { initContainer: 'one' } } }, []],
  ])('containers by %s', (_, containerSelector, expected) => {
    const given = workload({ containers, annotations: { 'example.com/apm': 'three' } });
    expect(withAgent(after(newRelic({ containerSelector }), given, namespace('shop')))).toEqual(expected);
  });

  it('selectors of labels choose the pods, and the namespaces', () => {
    const { admissions, lost, targets } = after(
      newRelic({
        podLabelSelector: { matchLabels: { apm: 'on' } },
        namespaceLabelSelector: { matchExpressions: [{ key: 'team', operator: 'In', values: ['a'] }] },
      }),
      namespace('shop', { labels: { team: 'a' } }),
      namespace('other', { labels: { team: 'b', 'agent-injector.io/injection': 'enabled' } }),
      workload({ labels: { apm: 'on' } }),
      workload({ name: 'b' }),
      workload({
        name: 'c',
        namespace: 'other',
        labels: { apm: 'on' },
        annotations: { 'agent-injector.io/profile': 'none' },
      }),
    );
    expect(admissions.map(({ decision }) => decision.outcome)).toEqual(['injected', 'skipped', 'skipped']);
    expect(lost).toEqual(['namespaceLabelSelector', 'licenseKeySecret']);
    expect(targets).toMatchObject([
      { metadata: { namespace: 'shop' }, spec: { podSelector: { matchLabels: { apm: 'on' } } } },
    ]);
  });

  it('two languages for one pod are two profiles', () => {
    const { admissions } = after(
      newRelic({}),
      newRelic({ agent: { language: 'python', image: 'newrelic/newrelic-python-init:latest' } }),
      workload({}),
    );
    expect(admissions[0]?.decision.containers.map(({ outcome }) => outcome)).toEqual(['injected', 'injected']);
  });

  it('a language without a profile, and a health agent, are reported', () => {
    const { lost } = after(newRelic({ agent: { language: 'go' }, healthAgent: { image: 'x' } }), workload({}));
    expect(lost).toEqual(expect.arrayContaining(['agent.language', 'healthAgent']));
  });
});

const dd = (name: string, value: string) => ({ [`admission.datadoghq.com/${name}`]: value });

const datadogAgent = (instrumentation: object) => ({
  apiVersion: 'datadoghq.com/v2alpha1',
  kind: 'DatadogAgent',
  metadata: { name: 'datadog', namespace: 'datadog' },
  spec: { features: { apm: { instrumentation: { enabled: true, ...instrumentation } } } },
});

describe('Datadog', () => {
  it('an annotation for one container', () => {
    const result = after(workload({ containers: ['app', 'job'], annotations: dd('job.java-lib.version', 'v1.60.0') }));
    expect(withAgent(result)).toEqual(['job']);
    expect(result.admissions[0]?.pod.spec.initContainers?.[0]?.['image']).toBe(
      'gcr.io/datadoghq/dd-lib-java-init:v1.60.0',
    );
  });

  it('a pod that is switched off gets nothing, and its label stays', () => {
    const { admissions, text } = after(
      namespace('shop', { labels: { 'agent-injector.io/injection': 'enabled' } }),
      workload({ labels: dd('enabled', 'false'), annotations: dd('java-lib.version', 'latest') }),
    );
    expect(admissions[0]?.decision.outcome).toBe('skipped');
    expect(text).toContain('admission.datadoghq.com/enabled: "false"');
  });

  it('the tags of a workload are those of its pods', () => {
    const { variables } = injected(
      workload({
        annotations: dd('java-lib.version', 'latest'),
        ownLabels: { 'tags.datadoghq.com/service': 'cart', 'tags.datadoghq.com/version': '7' },
      }),
    );
    expect(variables).toMatchObject({ DD_SERVICE: 'cart', DD_VERSION: '7' });
  });

  it("settings in JSON, also with what is no JSON and what nobody's library knows", () => {
    const { variables, lost } = injected(
      workload({
        annotations: {
          ...dd('java-lib.custom-image', 'registry.example.com/dd:1'),
          ...dd(
            'java-lib.config.v1',
            '{"tracing_service_mapping": [{"from_key": "a", "to_name": "b"}], "env": "qa", "new_field": 1}',
          ),
          ...dd('apm-inject.tracer-configs', 'not JSON'),
        },
      }),
    );
    expect(variables).toMatchObject({ DD_TRACE_SERVICE_MAPPING: 'a:b', DD_ENV: 'qa' });
    expect(lost.toSorted()).toEqual([
      'admission.datadoghq.com/apm-inject.tracer-configs',
      'admission.datadoghq.com/java-lib.config.v1 new_field',
    ]);
  });

  it('of several targets, the first one that matches counts, and annotations of the pod before any', () => {
    const { admissions, targets } = after(
      datadogAgent({
        targets: [
          {
            name: 'a',
            podSelector: { matchLabels: { app: 'a' } },
            ddTraceVersions: { java: 'default' },
            ddTraceConfigs: [{ name: 'DD_ENV', value: 'a' }],
          },
          {
            name: 'b',
            namespaceSelector: { matchNames: ['shop'] },
            ddTraceVersions: { java: 'default' },
            ddTraceConfigs: [{ name: 'DD_ENV', value: 'b' }],
          },
          {
            name: 'c',
            podSelector: { matchLabels: { app: 'c' } },
            ddTraceVersions: { java: 'default' },
            ddTraceConfigs: [{ name: 'DD_ENV', value: 'c' }],
          },
        ],
      }),
      workload({ name: 'a', labels: { app: 'a' } }),
      workload({ name: 'c', labels: { app: 'c' } }),
      workload({
        name: 'own',
        labels: { app: 'a' },
        annotations: { ...dd('java-lib.version', 'latest'), ...dd('java-lib.config.v1', '{"env": "own"}') },
      }),
    );
    expect(admissions.map(({ pod }) => variablesOf(pod.spec.containers[0])['DD_ENV'])).toEqual(['a', 'b', 'own']);
    // Target c selects pods that target b has decided on.
    expect(targets).toEqual([
      {
        apiVersion: 'agent-injector.io/v1alpha1',
        kind: 'AgentTarget',
        metadata: { name: 'a', namespace: 'shop' },
        spec: { profile: 'datadog-java', podSelector: { matchLabels: { app: 'a' } }, parameters: { env: 'a' } },
      },
    ]);
  });

  it('without targets, namespaces are enabled or not', () => {
    const { admissions, text } = after(
      datadogAgent({ enabledNamespaces: ['shop'], libVersions: { java: 'default' } }),
      workload({}),
    );
    expect(admissions[0]?.decision.outcome).toBe('injected');
    expect(text).toContain('kind: DatadogAgent');
    const off = imported(stringify(datadogAgent({ enabled: false, libVersions: { java: '1' } })));
    expect(off.migration.namespaces).toEqual([]);
  });

  it('a host in place of the node is in a profile', () => {
    const { variables } = injected(
      workload({
        annotations: {
          ...dd('java-lib.version', 'latest'),
          ...dd('apm-inject.tracer-configs', '[{"name": "DD_AGENT_HOST", "value": "agent.datadog"}]'),
        },
      }),
    );
    expect(variables).toMatchObject({ DD_AGENT_HOST: 'agent.datadog' });
  });

  it('another mode of the agent, debug and detection of languages are reported', () => {
    const { lost } = after(
      datadogAgent({
        languageDetection: { enabled: true },
        targets: [],
        enabledNamespaces: ['shop'],
        libVersions: { java: 'default' },
      }),
      workload({
        labels: dd('config.mode', 'socket'),
        annotations: { ...dd('java-lib.version', 'latest'), ...dd('apm-inject.debug', 'true') },
      }),
    );
    expect(lost.toSorted()).toEqual([
      'admission.datadoghq.com/apm-inject.debug',
      'admission.datadoghq.com/config.mode',
      'languageDetection',
    ]);
  });
});

describe('Elastic', () => {
  it('without an address, the server on the node; another name than a profile has is reported', () => {
    const attach = (name: string) => ({ 'co.elastic.apm/attach': name });
    const { variables, lost } = injected(
      workload({ annotations: attach('java') }),
      workload({ name: 'b', annotations: attach('rust') }),
    );
    expect(variables).toMatchObject({ ELASTIC_APM_SERVER_URL: 'http://$(HOST_IP):8200' });
    expect(lost).toEqual(['co.elastic.apm/attach']);
  });

  it('no key of the values is printed', () => {
    const values = { apm: { secret_token: 'hidden' }, webhookConfig: { agents: { java: { image: 'x/y:1' } } } };
    const { files, report } = imported(stringify(values));
    expect(report).not.toEqual([]);
    expect(JSON.stringify({ files, report })).not.toContain('hidden');
  });
});

describe('SkyWalking', () => {
  const asked = { 'swck-java-agent-injected': 'true' };
  const address = { 'agent.skywalking.apache.org/collector.backend_service': 'oap:11800' };

  it.each([
    ['a regular expression', '^a|b$', ['app', 'web']],
    ['one that is not valid: the first', '(', ['app']],
  ])('containers by %s', (_, pattern, expected) => {
    const annotations = { ...address, 'strategy.skywalking.apache.org/inject.Container': pattern };
    const result = after(workload({ labels: asked, annotations, containers: ['app', 'web', 'proxy'] }));
    expect(withAgent(result)).toEqual(expected);
  });

  it('the last SwAgent that selects the pod counts, and annotations before it', () => {
    const agent = (name: string, spec: object) => ({
      apiVersion: 'operator.skywalking.apache.org/v1alpha1',
      kind: 'SwAgent',
      metadata: { name, namespace: 'shop' },
      spec,
    });
    const sidecar = (value: string) => ({
      javaSidecar: {
        env: [
          { name: 'SW_AGENT_COLLECTOR_BACKEND_SERVICES', value },
          { name: 'SW_AGENT_NAME', value: 'x' },
        ],
      },
    });
    const { variables, lost } = injected(
      agent('a', sidecar('first:11800')),
      agent('b', { ...sidecar('second:11801'), selector: { app: 'b' } }),
      agent('c', { ...sidecar('third:11800'), selector: { app: 'c' } }),
      workload({
        labels: { ...asked, app: 'b' },
        annotations: { 'agent.skywalking.apache.org/agent.service_name': 'cart' },
      }),
    );
    expect(variables).toMatchObject({ SW_AGENT_COLLECTOR_BACKEND_SERVICES: 'second:11801', SW_AGENT_NAME: 'cart' });
    expect(lost).toEqual(['spec', 'spec']);
  });

  it('several collectors, plugins and values with blanks are reported', () => {
    const { lost } = after(
      workload({
        labels: asked,
        annotations: {
          'agent.skywalking.apache.org/collector.backend_service': 'a:11800,b:11800',
          'optional.skywalking.apache.org': 'webflux',
          'plugins.skywalking.apache.org/plugin.x': 'a b',
        },
      }),
    );
    expect(lost.toSorted()).toEqual([
      'agent.skywalking.apache.org/collector.backend_service',
      'optional.skywalking.apache.org',
      'plugins.skywalking.apache.org/plugin.x',
    ]);
  });

  it('a label that the selector of the workload needs stays, with a line', () => {
    const given = workload({ labels: asked, annotations: address });
    const selecting = { ...given, spec: { ...given.spec, selector: { matchLabels: asked } } };
    const { lost, text } = after(selecting);
    expect(lost).toEqual(['swck-java-agent-injected']);
    expect(text).toMatch(/labels:\n\s+swck-java-agent-injected: "true"/);
  });

  it('a namespace label alone gives no agent', () => {
    const { admissions } = after(namespace('shop', { labels: { 'swck-injection': 'enabled' } }), workload({}));
    expect(admissions[0]?.decision.outcome).toBe('skipped');
  });
});

it('a key that is lost after all is not carried over as well', () => {
  const key = 'admission.datadoghq.com/config.mode';
  const pod = { labels: { [key]: 'socket' }, annotations: { 'admission.datadoghq.com/java-lib.version': 'latest' } };
  const { report } = after(namespace('shop'), workload(pod));
  const found = report.filter((one) => one.key === key);
  expect(found).toMatchObject([{ outcome: 'lost', todo: expect.stringMatching(/defaults.*agent-socket-directory/) }]);
});

it.each([
  ['http://collector:4317', 'java', {}, 'grpc'],
  ['http://collector:4318', 'java', {}, 'http/protobuf'],
  ['http://collector:4317', 'python', {}, 'http/protobuf'],
  [
    'http://collector:4317',
    'java',
    { env: [{ name: 'OTEL_EXPORTER_OTLP_PROTOCOL', value: 'http/protobuf' }] },
    'http/protobuf',
  ],
])('an endpoint %s for %s with %j: the protocol is that of its port', (endpoint, language, rest, protocol) => {
  const { variables } = injected(
    namespace('shop'),
    otelInstrumentation('one', { exporter: { endpoint }, ...rest }),
    workload({ annotations: otel(`inject-${language}`) }),
  );
  expect(variables['OTEL_EXPORTER_OTLP_PROTOCOL']).toBe(protocol);
});

describe('what the other product is still needed for stays', () => {
  it('an annotation for a library without a profile, which is reported once', () => {
    const key = 'admission.datadoghq.com/ruby-lib.version';
    const { lost, text } = after(namespace('shop'), workload({ annotations: { [key]: 'latest' } }));
    expect(lost).toEqual([key]);
    expect(JSON.stringify(text)).toContain(key);
  });

  it('an Instrumentation that has an agent for Go, too', () => {
    const { text } = after(namespace('shop'), {
      apiVersion: 'opentelemetry.io/v1alpha1',
      kind: 'Instrumentation',
      metadata: { name: 'all', namespace: 'shop' },
      spec: { exporter: { endpoint: 'http://collector:4318' }, java: {}, go: { image: 'registry.example.com/go:1' } },
    });
    expect(JSON.stringify(text)).toContain('registry.example.com/go:1');
  });

  it('an Instrumentation for a language without a profile', () => {
    const { lost, text } = after(namespace('shop'), {
      apiVersion: 'newrelic.com/v1beta2',
      kind: 'Instrumentation',
      metadata: { name: 'ruby', namespace: 'newrelic' },
      spec: { agent: { language: 'ruby', image: 'newrelic/newrelic-ruby-init:latest' } },
    });
    expect(lost).toContain('agent.language');
    expect(JSON.stringify(text)).toContain('newrelic-ruby-init');
  });
});
