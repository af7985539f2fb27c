// The situations of the e2e folders of the OpenTelemetry Operator (tests/e2e-*instrumentation*, e2e-no-crds, e2e-upgrade), stated anew: what is asked for, in
// annotations of ours, and what the container then has to have. Names and values are ours; the folders are named, so that each can be compared.

/** What one container must have after the injection. */
export interface Expected {
  readonly container: string;
  /** Texts that variables contain, by the name of the variable: what loads the agent. */
  readonly loads?: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, string>>;
  readonly serviceName: string;
  readonly mount?: string;
}

export interface Complete {
  readonly folder: string;
  readonly profile: string;
  /** Annotations of the namespace, without our prefix. */
  readonly namespace: Readonly<Record<string, string>>;
  /** Annotations of the pod template. */
  readonly pod?: Readonly<Record<string, string>>;
  /** The name of the Deployment; undefined: a bare pod of the name "job". */
  readonly deployment?: string;
  readonly containers: readonly string[];
  readonly initContainers?: readonly string[];
  readonly expected: readonly Expected[];
  /** Containers that stay as they are. */
  readonly untouched?: readonly string[];
  /** Levels that the cluster must open, besides what is open by default. */
  readonly opens?: readonly string[];
  readonly delivery?: string;
}

export interface Missing {
  readonly folder: string;
  readonly missing: string;
}

const endpoint = { 'otlp-endpoint': 'http://collector:4318' };
const always = { sampler: 'always_on', propagators: 'jaeger,b3' };
const ratio = { sampler: 'parentbased_traceidratio', 'sampler-arg': '0.25', propagators: 'jaeger,b3' };

const alwaysValues = { OTEL_TRACES_SAMPLER: 'always_on', OTEL_PROPAGATORS: 'jaeger,b3' };
const ratioValues = {
  OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
  OTEL_TRACES_SAMPLER_ARG: '0.25',
  OTEL_PROPAGATORS: 'jaeger,b3',
};
const http = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' };

/** A language: its profile, what loads the agent, and the further variables of its folders. */
interface Language {
  readonly name: string;
  readonly loads: Readonly<Record<string, string>>;
  readonly variables: string;
  readonly values: Readonly<Record<string, string>>;
}

const java: Language = {
  name: 'java',
  loads: { JAVA_TOOL_OPTIONS: '-javaagent:/opentelemetry-java/javaagent.jar' },
  variables: 'OTEL_LOGS_EXPORTER=none OTEL_JAVAAGENT_DEBUG=true OTEL_INSTRUMENTATION_JDBC_ENABLED=false',
  values: { OTEL_LOGS_EXPORTER: 'none', OTEL_JAVAAGENT_DEBUG: 'true', OTEL_INSTRUMENTATION_JDBC_ENABLED: 'false' },
};
const nodejs: Language = {
  name: 'nodejs',
  loads: { NODE_OPTIONS: '--require /opentelemetry-nodejs/autoinstrumentation.js' },
  variables: `OTEL_TRACES_EXPORTER=otlp OTEL_EXPORTER_OTLP_TIMEOUT=20000
    SPLUNK_TRACE_RESPONSE_HEADER_ENABLED=true OTEL_NODEJS_DEBUG=true`,
  values: {
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_TIMEOUT: '20000',
    SPLUNK_TRACE_RESPONSE_HEADER_ENABLED: 'true',
    OTEL_NODEJS_DEBUG: 'true',
  },
};
const python: Language = {
  name: 'python',
  loads: { PYTHONPATH: '/opentelemetry-python/opentelemetry/instrumentation/auto_instrumentation' },
  variables: `OTEL_LOG_LEVEL=debug OTEL_EXPORTER_OTLP_TIMEOUT=20000 SPLUNK_TRACE_RESPONSE_HEADER_ENABLED=true
    OTEL_PYTHON_DISABLED_INSTRUMENTATIONS=system_metrics`,
  values: {
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_LOG_LEVEL: 'debug',
    OTEL_EXPORTER_OTLP_TIMEOUT: '20000',
    SPLUNK_TRACE_RESPONSE_HEADER_ENABLED: 'true',
    OTEL_PYTHON_DISABLED_INSTRUMENTATIONS: 'system_metrics',
  },
};
const dotnet: Language = {
  name: 'dotnet',
  loads: {
    CORECLR_ENABLE_PROFILING: '1',
    CORECLR_PROFILER: '{918728DD-259F-4A6A-AC2B-B85E1B658318}',
    CORECLR_PROFILER_PATH: '/opentelemetry-dotnet/linux/OpenTelemetry.AutoInstrumentation.Native.so',
    DOTNET_STARTUP_HOOKS: '/opentelemetry-dotnet/net/OpenTelemetry.AutoInstrumentation.StartupHook.dll',
    DOTNET_ADDITIONAL_DEPS: '/opentelemetry-dotnet/AdditionalDeps',
    DOTNET_SHARED_STORE: '/opentelemetry-dotnet/store',
    OTEL_DOTNET_AUTO_HOME: '/opentelemetry-dotnet',
  },
  variables: 'OTEL_METRIC_EXPORT_INTERVAL=30000',
  values: { OTEL_METRIC_EXPORT_INTERVAL: '30000' },
};

type Shape = Partial<Complete> & Pick<Complete, 'containers'>;

/** A folder of one language: an app, an init container, or one of two containers. */
function of(language: Language, folder: string, shape: Shape, sampling: 'always' | 'ratio' = 'always'): Complete {
  const { name, loads, variables, values } = language;
  const expectedIn = (container: string): Expected => ({
    container,
    loads,
    values: { ...http, ...values, ...(sampling === 'always' ? alwaysValues : ratioValues) },
    serviceName: shape.deployment ?? 'job',
    mount: `/opentelemetry-${name}`,
  });
  const targets = shape.pod?.['containers']?.split(',') ?? [...shape.containers];
  return {
    folder,
    profile: `opentelemetry-${name}`,
    expected: targets.map(expectedIn),
    untouched: [...shape.containers, ...(shape.initContainers ?? [])].filter((one) => !targets.includes(one)),
    ...shape,
    namespace: { ...endpoint, ...(sampling === 'always' ? always : ratio), variables, ...shape.namespace },
  };
}

const one = (name: string): Shape => ({ deployment: `my-${name}`, containers: ['app'] });
const init: Shape = { containers: ['main'], initContainers: ['setup', 'first'], pod: { containers: 'setup' } };
const both = (name: string): Shape => ({
  deployment: `my-${name}`,
  containers: ['app', 'queue'],
  pod: { containers: 'app,queue' },
});
const second = (name: string): Shape => ({ ...both(name), pod: { containers: 'queue' } });

const muslDotnet: Language = {
  ...dotnet,
  loads: {
    ...dotnet.loads,
    CORECLR_PROFILER_PATH: '/opentelemetry-dotnet/linux-musl/OpenTelemetry.AutoInstrumentation.Native.so',
  },
};

export const complete: readonly Complete[] = [
  of(dotnet, 'instrumentation-dotnet', one('dotnet')),
  of(dotnet, 'instrumentation-dotnet-initcontainer', init),
  of(dotnet, 'instrumentation-dotnet-multicontainer', both('dotnet')),
  of(dotnet, 'instrumentation-dotnet-multicontainer', second('dotnet')),
  of(muslDotnet, 'instrumentation-dotnet-musl', { ...one('dotnet'), pod: { libc: 'musl' } }),
  of(java, 'instrumentation-java', one('java')),
  of(java, 'instrumentation-java-initcontainer', init),
  of(java, 'instrumentation-java-multicontainer', both('java')),
  of(java, 'instrumentation-java-multicontainer', second('java')),
  // Profiles are for the whole cluster: that the settings are in another namespace is nothing special.
  of(java, 'instrumentation-java-other-ns', one('java')),
  of(java, 'instrumentation-no-crds', one('java')),
  {
    ...of(java, 'instrumentation-java-tls', one('java'), 'ratio'),
    opens: ['secretName'],
    namespace: {
      'otlp-endpoint': 'https://collector:4318',
      'otlp-ca-config-map': 'ca',
      'otlp-client-secret': 'client-certs',
      sampler: 'parentbased_traceidratio',
      'sampler-arg': '1',
      propagators: 'tracecontext,baggage',
      variables: java.variables,
    },
    expected: [
      {
        container: 'app',
        loads: java.loads,
        serviceName: 'my-java',
        mount: '/etc/opentelemetry/client',
        values: {
          ...java.values,
          OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector:4318',
          OTEL_EXPORTER_OTLP_CERTIFICATE: '/etc/opentelemetry/ca/ca.crt',
          OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: '/etc/opentelemetry/client/tls.crt',
          OTEL_EXPORTER_OTLP_CLIENT_KEY: '/etc/opentelemetry/client/tls.key',
          OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
          OTEL_TRACES_SAMPLER_ARG: '1',
          OTEL_PROPAGATORS: 'tracecontext,baggage',
        },
      },
    ],
  },
  of(nodejs, 'instrumentation-nodejs', one('nodejs')),
  of(nodejs, 'instrumentation-nodejs-initcontainer', init),
  of(nodejs, 'instrumentation-nodejs-multicontainer', both('nodejs')),
  of(nodejs, 'instrumentation-nodejs-multicontainer', second('nodejs')),
  of(nodejs, 'instrumentation-nodejs-volume', {
    ...one('nodejs'),
    namespace: { delivery: 'ephemeral' },
    delivery: 'ephemeral',
  }),
  of(python, 'instrumentation-python', one('python'), 'ratio'),
  of(python, 'instrumentation-python-initcontainer', init),
  of(python, 'instrumentation-python-multicontainer', { ...both('python'), namespace: { libc: 'musl' } }),
  of(python, 'instrumentation-python-multicontainer', { ...second('python'), namespace: { libc: 'musl' } }),
  of(python, 'instrumentation-python-musl', { ...one('python'), pod: { libc: 'musl' } }, 'ratio'),
  {
    ...of(python, 'instrumentation-python-specenv', one('python')),
    namespace: { ...endpoint, variables: 'OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none' },
    expected: [
      {
        container: 'app',
        loads: python.loads,
        serviceName: 'my-python',
        values: { ...http, OTEL_TRACES_EXPORTER: 'otlp', OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' },
      },
    ],
  },
  ...[one('sdk'), init].map((shape): Complete => {
    const isInit = shape === init;
    const variables = 'SPLUNK_TRACE_RESPONSE_HEADER_ENABLED=true OTEL_NODEJS_DEBUG=true OTEL_ENV_VAR=true';
    return {
      ...shape,
      folder: isInit ? 'instrumentation-sdk-initcontainer' : 'instrumentation-sdk',
      profile: 'opentelemetry-sdk',
      namespace: { 'otlp-endpoint': 'http://collector:4317', 'otlp-protocol': 'grpc', ...ratio, variables },
      untouched: isInit ? ['main', 'first'] : [],
      expected: [
        {
          container: isInit ? 'setup' : 'app',
          serviceName: isInit ? 'job' : 'my-sdk',
          values: {
            ...ratioValues,
            OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4317',
            SPLUNK_TRACE_RESPONSE_HEADER_ENABLED: 'true',
            OTEL_ENV_VAR: 'true',
          },
        },
      ],
    };
  }),
  {
    folder: 'instrumentation-multi-no-containers',
    profile: 'opentelemetry-nodejs,opentelemetry-python',
    namespace: { ...endpoint, ...ratio },
    deployment: 'my-multi',
    containers: ['nodejsapp', 'pythonapp'],
    // The Operator injects neither, because no annotation names the containers.
    expected: ['nodejsapp', 'pythonapp'].map((container) => ({
      container,
      loads: { ...nodejs.loads, ...python.loads },
      values: { ...http, ...ratioValues },
      serviceName: 'my-multi',
    })),
  },
  {
    folder: 'instrumentation-single-instr-first-container',
    profile: 'opentelemetry-nodejs',
    namespace: { ...endpoint, ...ratio },
    pod: { containers: 'nodejsapp', 'service-name': 'nodejsapp' },
    deployment: 'my-first',
    containers: ['nodejsapp', 'pythonapp'],
    untouched: ['pythonapp'],
    expected: [
      { container: 'nodejsapp', loads: nodejs.loads, values: { ...http, ...ratioValues }, serviceName: 'nodejsapp' },
    ],
  },
];

const WEB_SERVER =
  "a web server's module needs the app's own configuration, which only a copy of the app's container can read and rewrite: outside of what a profile can do";
const GO =
  'Go needs a privileged sidecar with eBPF that shares the process namespace: outside of what a profile can do';

export const missing: readonly Missing[] = [
  { folder: 'instrumentation-apache-httpd', missing: WEB_SERVER },
  { folder: 'instrumentation-apache-multicontainer', missing: WEB_SERVER },
  { folder: 'instrumentation-nginx', missing: WEB_SERVER },
  { folder: 'instrumentation-nginx-contnr-secctx', missing: WEB_SERVER },
  { folder: 'instrumentation-nginx-multicontainer', missing: WEB_SERVER },
  {
    folder: 'instrumentation-multi-multicontainer',
    missing: `its containers of Java, Node.js, Python, .NET and the SDK are as asked for, and its seventh stays as it is; of the Apache one, ${WEB_SERVER}`,
  },
  { folder: 'instrumentation-go', missing: GO },
  {
    folder: 'instrumentation-multi-multicontainer-go',
    missing: `its Python container is as asked for, and the Go app stays as it is; of the sidecar, ${GO}`,
  },
];

/** An upgrade brings a newer image that apps must not get unasked. `test/scenarios/opentelemetry-operator.test.ts` plays it, for it is about two moments. */
export const UPGRADE = 'instrumentation-blocked-upgrade';

const grpc = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4317', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };
const severalLanguages: readonly Pick<Language, 'name' | 'loads'>[] = [
  dotnet,
  java,
  nodejs,
  python,
  { name: 'sdk', loads: {} },
];

/** What is complete of folders that are not: the containers of multi-multicontainer besides Apache, and the Python one of multi-multicontainer-go. */
export const partly: readonly Complete[] = [
  {
    folder: 'instrumentation-multi-multicontainer',
    profile: 'opentelemetry-java,opentelemetry-nodejs,opentelemetry-python,opentelemetry-dotnet,opentelemetry-sdk',
    namespace: {
      'otlp-endpoint': 'http://collector:4317',
      'otlp-protocol': 'grpc',
      sampler: 'parentbased_traceidratio',
      'sampler-arg': '0.85',
      propagators: 'jaeger,b3',
    },
    pod: Object.fromEntries([
      ...severalLanguages.map(({ name }) => [`containers.opentelemetry-${name}`, `${name}app`]),
      // The image for Python has no exporter for gRPC, so that profile has no parameter for the protocol.
      ['otlp-endpoint.agent-injector.io/pythonapp', 'http://collector:4318'],
      ...severalLanguages
        .filter(({ name }) => name !== 'sdk')
        .map(({ name }) => [`service-name.agent-injector.io/${name}app`, `${name}app`]),
    ]),
    deployment: 'my-multi',
    containers: ['dotnetapp', 'javaapp', 'nodejsapp', 'pythonapp', 'sdkapp', 'apacheapp', 'nginxapp'],
    untouched: ['apacheapp', 'nginxapp'],
    expected: severalLanguages.map(({ name, loads }) => ({
      container: `${name}app`,
      loads,
      values: {
        ...ratioValues,
        OTEL_TRACES_SAMPLER_ARG: '0.85',
        ...(name === 'python' ? http : { ...http, ...grpc }),
      },
      serviceName: name === 'sdk' ? 'my-multi' : `${name}app`,
      ...(name !== 'sdk' && { mount: `/opentelemetry-${name}` }),
    })),
  },
  {
    ...of(python, 'instrumentation-multi-multicontainer-go', {
      deployment: 'my-go',
      containers: ['goapp', 'pythonapp'],
      pod: { containers: 'pythonapp' },
    }),
  },
];
