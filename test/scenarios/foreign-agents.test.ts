import { describe, expect, it } from 'vitest';
import { type Admission, admit } from '../../src/admission/admit.ts';
import type { Catalogue } from '../../src/profiles/catalogue.ts';
import type { Container, Pod } from '../../src/kubernetes/pod.ts';
import { parseProfile } from '../../src/profiles/parse.ts';
import type { Profile } from '../../src/profiles/profile.ts';
import { matchedBy, ContainerView } from '../../src/profiles/matcher.ts';
import { catalogue, container, namespace, opened, pod } from '../support/fixtures.ts';
import { settingsFor } from '../support/sample-values.ts';

const AGENTS = catalogue.foreignAgents;

/** A profile that needs this slot, or none. */
function probe(slot: string | undefined): Profile {
  const read = parseProfile({
    apiVersion: 'agent-injector.io/v1alpha1',
    kind: 'AgentProfile',
    metadata: { name: 'probe' },
    spec: {
      vendor: 'Probe',
      description: 'Takes a slot.',
      constraints: { os: ['linux'] },
      slots: slot === undefined ? [] : [slot],
      deliveries: [{ preinstalled: {} }],
      environment: [{ name: 'PROBE', operation: 'append', separator: ' ', value: 'probe' }],
    },
  });
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  return read.value;
}

function decideOn(given: Pod, slot: string | undefined): Admission['decision'] {
  const known: Catalogue = { ...catalogue, profiles: new Map([['probe', probe(slot)]]) };
  return admit(given, namespace({ profile: 'probe' }), known).decision;
}

const env = (name: string, value?: string): Container =>
  container('web', { env: [{ name, ...(value !== undefined && { value }) }] });
const command = (...words: string[]): Container => container('web', { command: words });
const mounted = (mountPath: string): Container =>
  container('web', { volumeMounts: [{ name: 'agent', mountPath }], volumeDevices: [] });
const options = (jar: string): Container => env('JAVA_TOOL_OPTIONS', `-Xmx512m -javaagent:${jar}`);
const jar = (path: string): Container => command('java', `-javaagent:${path}`, '-jar', '/app.jar');
const shell = (line: string): Container => command('sh', '-c', line);

type Row = readonly [vendor: string, slot: string | undefined, shown: Container | Pod];

function rows(slot: string | undefined, all: Readonly<Record<string, readonly (Container | Pod)[]>>): readonly Row[] {
  return Object.entries(all).flatMap(([vendor, shown]) => shown.map((one): Row => [vendor, slot, one]));
}

// From the vendors' documentation and injectors.
const table: readonly Row[] = [
  ...rows('jvm-agent', {
    'OpenTelemetry Java': [
      options('/opt/opentelemetry-javaagent.jar'),
      jar('./opentelemetry-javaagent-2.30.0.jar'),
      env('JAVA_TOOL_OPTIONS', ' -javaagent:/otel-auto-instrumentation-java-web/javaagent.jar'),
      env('JDK_JAVA_OPTIONS', '-javaagent:/opt/opentelemetry-javaagent.jar'),
      env('_JAVA_OPTIONS', '-javaagent:/opt/opentelemetry-javaagent.jar'),
      env('JAVA_OPTS', '-javaagent:/opt/opentelemetry-javaagent.jar=otel.service.name=web'),
      env('CATALINA_OPTS', '-javaagent:"/opt/opentelemetry-javaagent.jar"'),
      ...[
        'JAVA_OPTS_APPEND',
        'PREPEND_JAVA_OPTS',
        'KAFKA_OPTS',
        'SOLR_OPTS',
        'JAVA_OPTIONS',
        'ES_JAVA_OPTS',
        'USER_MEM_ARGS',
      ].map((name) => env(name, '-Xmx1g -javaagent:/opt/opentelemetry-javaagent.jar')),
    ],
    'Splunk OpenTelemetry Java': [options('/splunk-otel-javaagent.jar'), jar('/splunk-otel-javaagent.jar')],
    'AWS Distro for OpenTelemetry Java': [
      options('/opt/aws-opentelemetry-agent.jar'),
      jar('/aws-opentelemetry-agent.jar'),
    ],
    'Grafana OpenTelemetry Java': [options('/grafana-opentelemetry-java.jar'), jar('/grafana-opentelemetry-java.jar')],
    'Microsoft Application Insights Java': [
      options('/applicationinsights-agent-3.7.1.jar'),
      jar('/applicationinsights-agent-3.7.1.jar'),
    ],
    'Odigos Java': [options('/var/odigos/java/javaagent.jar'), jar('/var/odigos/java/javaagent.jar')],
    'Elastic APM Java': [options('/elastic/apm/agent/elastic-apm-agent.jar'), jar('/elastic-apm-agent-1.55.1.jar')],
    'New Relic Java': [
      options('/newrelic/newrelic.jar'),
      options('/nri-java--web/newrelic-agent.jar'),
      jar('/newrelic/newrelic.jar'),
      jar('/newrelic-agent.jar'),
    ],
    'Datadog Java': [options('/datadog-lib/dd-java-agent.jar'), jar('/dd-java-agent.jar')],
    'Dynatrace Java': [
      env('JAVA_TOOL_OPTIONS', '-agentpath:/opt/dynatrace/oneagent/agent/lib64/liboneagentloader.so'),
      command('java', '-agentpath:/opt/dynatrace/oneagent/agent/lib64/liboneagentloader.so'),
    ],
    'Apache SkyWalking Java': [
      options('/sky/agent/skywalking-agent.jar=agent.service_name=web'),
      jar('/skywalking/agent/skywalking-agent.jar'),
    ],
    'WhaTap Java': [options('/whatap-agent/whatap.agent.java.jar'), jar('/whatap/whatap.agent-2.2.50.jar')],
    Pinpoint: [options('/pinpoint-agent/pinpoint-bootstrap.jar'), jar('/pinpoint-agent/pinpoint-bootstrap-3.0.1.jar')],
    Scouter: [options('/scouter/agent.java/scouter.agent.jar'), jar('/scouter/agent.java/scouter.agent.jar')],
    Glowroot: [options('/glowroot/glowroot.jar'), jar('/glowroot/glowroot.jar')],
    'AppDynamics Java': [
      options('/opt/appdynamics/javaagent.jar'),
      jar('/opt/appdynamics-java/javaagent.jar'),
      command('java', '-javaagent:/agent/javaagent.jar', '-Dappdynamics.agent.tierName=web'),
    ],
    'Instana Java': [options('/opt/instana/agent.jar'), jar('/opt/instana/instrumentation/agent.jar')],
    'Alibaba ARMS Java': [
      options('/ArmsAgent/arms-bootstrap-1.7.0-SNAPSHOT.jar'),
      options('/home/admin/.opt/AliyunJavaAgent/aliyun-java-agent.jar'),
      jar('/ArmsAgent/arms-bootstrap-1.7.0-SNAPSHOT.jar'),
      jar('/AliyunJavaAgent/aliyun-java-agent.jar'),
    ],
    'JENNIFER Java': [
      env(
        'CATALINA_OPTS',
        '-javaagent:/opt/agent.java/jennifer.jar -Djennifer.config=/opt/agent.java/conf/jennifer.conf',
      ),
      jar('/opt/agent.java/jennifer.jar'),
    ],
  }),
  ...rows('node-agent', {
    'OpenTelemetry Node.js': [
      env('NODE_OPTIONS', '--require @opentelemetry/auto-instrumentations-node/register'),
      env('NODE_OPTIONS', ' --require /otel-auto-instrumentation-nodejs/autoinstrumentation.js'),
      command('node', '--require', '@opentelemetry/auto-instrumentations-node/register', 'app.js'),
    ],
    'Splunk OpenTelemetry Node.js': [
      env('NODE_OPTIONS', '-r @splunk/otel/instrument'),
      command('node', '-r', '@splunk/otel/instrument'),
    ],
    'Odigos Node.js': [env('NODE_OPTIONS', '--require /var/odigos/nodejs/autoinstrumentation.js')],
    'Elastic APM Node.js': [
      env('NODE_OPTIONS', '-r elastic-apm-node/start.js'),
      command('node', '-r', 'elastic-apm-node/start.js'),
    ],
    'New Relic Node.js': [
      env('NODE_OPTIONS', '--require /nri-nodejs--web/newrelicinstrumentation.js'),
      shell('node -r newrelic app.js'),
      shell('node --require newrelic app.js'),
      command('node', '--require=newrelic', 'app.js'),
      command('node', '-r', '/nri-nodejs--web/newrelicinstrumentation.js', 'app.js'),
      command('node', '--import', 'newrelic/esm-loader.mjs', '-r', 'newrelic', 'app.js'),
    ],
    'Datadog Node.js': [
      env('NODE_OPTIONS', ' --require=/datadog-lib/node_modules/dd-trace/init'),
      command('node', '--import', 'dd-trace/register.js'),
    ],
    'WhaTap Node.js': [env('NODE_OPTIONS', '-r whatap'), shell('node -r whatap app.js')],
    'Instana Node.js': [
      env(
        'NODE_OPTIONS',
        '--require /opt/instana/instrumentation/nodejs/node_modules/@instana/collector/src/immediate',
      ),
      command('node', '--import', '@instana/collector/esm-register.mjs'),
    ],
    'Dynatrace Node.js': [env('NODE_OPTIONS', '-r @dynatrace/oneagent'), command('node', '-r', '@dynatrace/oneagent')],
  }),
  ...rows('python-sitecustomize', {
    'OpenTelemetry Python': [
      env('PYTHONPATH', '/otel-auto-instrumentation-python/opentelemetry/instrumentation/auto_instrumentation:/app'),
      command('opentelemetry-instrument', 'python', 'app.py'),
    ],
    'Odigos Python': [env('PYTHONPATH', '/var/odigos/python:/app')],
    'Elastic APM Python': [
      env('PYTHONPATH', '/opt/elasticapm/instrumentation'),
      command('elasticapm-run', 'python', 'app.py'),
    ],
    'New Relic Python': [
      env('PYTHONPATH', '/usr/lib/python3/newrelic/bootstrap:/app'),
      env('PYTHONPATH', '/app:/nri-python--web'),
      command('newrelic-admin', 'run-program', 'python', 'app.py'),
    ],
    'Datadog Python': [
      env('PYTHONPATH', '/opt/ddtrace/bootstrap'),
      env('PYTHONPATH', '/datadog-lib/'),
      shell('exec ddtrace-run gunicorn app'),
    ],
    'WhaTap Python': [
      env('PYTHONPATH', '/whatap-agent/whatap/bootstrap:/app'),
      command('whatap-start-agent', 'python', 'app.py'),
    ],
    'Apache SkyWalking Python': [
      env('PYTHONPATH', '/usr/lib/python3/skywalking/bootstrap'),
      command('sw-python', 'run', 'python', 'app.py'),
    ],
    'Instana Python': [env('PYTHONPATH', '/opt/.instana/python')],
    'JENNIFER Python': [
      env('PYTHONPATH', '/opt/agent.python/jennifer/admin'),
      env('PYTHONPATH', '/opt/agent.python/jennifer/bootstrap'),
      command('jennifer-admin', 'run', 'python', 'app.py'),
    ],
  }),
  ...rows('php-agent', {
    'New Relic PHP': [
      env('PHP_INI_SCAN_DIR', ':/opt/newrelic/ini'),
      env('PHP_INI_SCAN_DIR', ':/nri-php--web/php-agent/ini'),
    ],
    'Datadog PHP': [env('PHP_INI_SCAN_DIR', ':/opt/datadog/php')],
    'Odigos PHP': [env('PHP_INI_SCAN_DIR', ':/var/odigos/php/8.3')],
    'OpenTelemetry PHP': [env('OTEL_PHP_AUTOLOAD_ENABLED', 'true')],
  }),
  ...rows('clr-profiler', {
    'OpenTelemetry .NET (startup hook)': [
      env('DOTNET_STARTUP_HOOKS', '/otel/net/OpenTelemetry.AutoInstrumentation.StartupHook.dll'),
    ],
  }),
  ...rows('ld-preload-agent', {
    'Dynatrace OneAgent': [
      env('LD_PRELOAD', '/opt/app/oneagent/agent/lib64/liboneagentproc.so'),
      env('LD_PRELOAD', '/opt/dynatrace/agent/lib64/liboneagentproc.so'),
      mounted('/opt/dynatrace/oneagent-paas'),
      pod(undefined, {}, { volumes: [{ name: 'oneagent-bin', emptyDir: {} }] }),
    ],
    'Datadog library injection': [
      env('LD_PRELOAD', '/opt/datadog-packages/datadog-apm-inject/stable/inject/launcher.preload.so'),
      env('LD_PRELOAD', '/opt/datadog/apm/inject/launcher.preload.so'),
      env('LD_PRELOAD', '/datadog-lib/continuousprofiler/Datadog.Linux.ApiWrapper.x64.so'),
      env('DD_INJECTION_ENABLED', 'tracer'),
      mounted('/opt/datadog-packages/datadog-apm-inject'),
      mounted('/opt/datadog/apm/library'),
      pod(undefined, {}, { volumes: [{ name: 'datadog-auto-instrumentation', emptyDir: {} }] }),
    ],
    'Instana AutoTrace': [
      env('LD_PRELOAD', '/opt/instana/instrumentation/libinstana_init/libinstana_init.so'),
      mounted('/opt/instana/instrumentation'),
    ],
    Odigos: [env('LD_PRELOAD', '/var/odigos/loader/loader.so'), mounted('/var/odigos')],
    'Grafana Pyroscope .NET': [env('LD_PRELOAD', '/dotnet/Pyroscope.Linux.ApiWrapper.x64.so')],
  }),
  ...rows(undefined, {
    'Datadog Ruby': [env('RUBYOPT', '-rddtrace/auto_instrument'), env('RUBYOPT', ' -r/datadog-lib/auto_inject')],
    'New Relic Ruby': [env('RUBYOPT', '-r newrelic_rpm'), env('RUBYOPT', '-r /nri-ruby--web/lib/boot/strap')],
    'OpenTelemetry Ruby': [env('RUBYOPT', '-r opentelemetry-auto-instrumentation')],
    'Odigos Ruby': [env('RUBYOPT', '-r/var/odigos/ruby/3.3/index.rb')],
    'Elastic APM .NET (startup hook)': [env('DOTNET_STARTUP_HOOKS', '/elastic/ElasticApmAgentStartupHook.dll')],
    'Instana .NET (startup hook)': [env('DOTNET_STARTUP_HOOKS', '/app/Instana.Tracing.Core.dll')],
    'Microsoft Application Insights (startup hook)': [
      env('DOTNET_STARTUP_HOOKS', '/ai/Microsoft.ApplicationInsights.StartupHook.dll'),
    ],
    AppDynamics: [
      env('APPDYNAMICS_CONTROLLER_HOST_NAME', 'appd.example.com'),
      mounted('/opt/appdynamics-dotnetcore'),
      mounted('/opt/appdynamics'),
    ],
    'New Relic': [env('NEW_RELIC_CONFIG_FILE', '/etc/newrelic.ini')],
    'Elastic APM attacher': [mounted('/elastic/apm/agent')],
    WhaTap: [mounted('/whatap-agent')],
  }),
];

const isPod = (shown: Container | Pod): shown is Pod => 'spec' in shown;
const podOf = (shown: Container | Pod): Pod => (isPod(shown) ? shown : pod([shown]));
const volumesOf = ({ spec }: Pod): ReadonlySet<string> => new Set(spec.volumes?.map(({ name }) => name));
const named = table.map(([vendor, slot, shown]) => {
  const { name, image, volumeDevices, ...rest } = podOf(shown).spec.containers[0] ?? { name: '' };
  return [
    vendor,
    JSON.stringify(Object.keys(rest).length > 0 ? rest : podOf(shown).spec['volumes']),
    slot,
    shown,
  ] as const;
});

describe('an agent of another vendor', () => {
  it.each(named.filter(([, , slot]) => slot !== undefined))(
    '%s by %s excludes the profiles that need its slot, and no others',
    (vendor, _, slot, shown) => {
      const decision = decideOn(podOf(shown), slot);
      expect(decision).toMatchObject({ outcome: 'skipped', reason: { code: 'foreign-agent', vendor, slot } });
      const other = slot === 'clr-profiler' ? 'jvm-agent' : 'clr-profiler';
      expect(decideOn(podOf(shown), other).outcome).toBe('injected');
    },
  );

  it.each(named)('%s by %s is reported for other profiles', (vendor, _, __, shown) => {
    const { outcome, notices } = decideOn(podOf(shown), undefined);
    expect(outcome).toBe('injected');
    expect(notices).toContainEqual(
      expect.objectContaining({ code: 'foreign-agent-present', vendor, container: 'web' }),
    );
  });

  it('is in the table once, and each of its matchers is tested above', () => {
    expect(AGENTS.map(({ vendor }) => vendor).toSorted()).toEqual(
      [...new Set(table.map(([vendor]) => vendor))].toSorted(),
    );
    const unseen = AGENTS.flatMap(({ vendor, match }) => {
      const shown = table.flatMap(([of, , one]) => (of === vendor ? [podOf(one)] : []));
      return match.filter(
        (matcher) =>
          !shown.some((given) =>
            given.spec.containers.some(
              (one) => matchedBy(matcher, new ContainerView(one, one.env ?? [], volumesOf(given))) !== undefined,
            ),
          ),
      );
    });
    expect(unseen).toEqual([]);
  });

  it('is found by its own entry before broader ones', () => {
    for (const [vendor, slot, shown] of table) {
      const decision = decideOn(podOf(shown), slot);
      if (slot !== undefined) expect(decision).toMatchObject({ reason: { vendor } });
    }
  });
});

describe('software that is not an APM agent', () => {
  it.each([
    ['a metrics exporter', options('/opt/jmx_prometheus_javaagent-1.0.1.jar=9404:/opt/jmx.yaml')],
    ['a metrics exporter in the command', jar('/opt/jmx_prometheus_javaagent-1.0.1.jar=9404:/opt/jmx.yaml')],
    ['code coverage', options('/jacocoagent.jar=destfile=/tmp/jacoco.exec')],
    ['a mocking library', options('/mockito-core-5.20.0.jar')],
    ['a weaver', jar('/aspectjweaver.jar')],
    ['a debugger', env('JAVA_TOOL_OPTIONS', '-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=*:5005')],
    ['options of Node.js', env('NODE_OPTIONS', '--max-old-space-size=512 --require ./tracing-off.js')],
    ['a service with the name of an agent', command('node', '/srv/newrelic-reports/server.js')],
    ['a path of Python', env('PYTHONPATH', '/app:/app/lib')],
    ['an allocator', env('LD_PRELOAD', '/usr/lib/x86_64-linux-gnu/libjemalloc.so.2')],
    ['an ini directory', env('PHP_INI_SCAN_DIR', ':/etc/php/conf.d')],
    [
      'a reference',
      container('web', {
        env: [{ name: 'JAVA_TOOL_OPTIONS', valueFrom: { configMapKeyRef: { name: 'a', key: 'b' } } }],
      }),
    ],
    ['a mount with a similar path', mounted('/opt/dynatrace-docs')],
  ])('%s causes no conflict and no notice', (_, shown) => {
    for (const slot of catalogue.slots.keys()) {
      const decision = decideOn(podOf(shown), slot);
      expect(decision).toMatchObject({ outcome: 'injected', notices: [] });
    }
  });
});

const deliveries = [...catalogue.profiles.values()].flatMap((profile) =>
  profile.deliveries.map((delivery) => ({ profile, delivery })),
);
const chosen = ({ profile, delivery }: (typeof deliveries)[number]): Record<string, string> => ({
  ...settingsFor(profile, delivery),
  profile: profile.name,
  delivery: delivery.name,
});

describe.each(deliveries)('$profile.name by $delivery.name', ({ profile, delivery }) => {
  const chosenIn = namespace(chosen({ profile, delivery }));
  const labels = { ...chosenIn.labels, 'pod-security.kubernetes.io/enforce': 'privileged' };
  const within = { ...chosenIn, labels };
  const first = admit(pod([container('web')]), within, opened(catalogue));

  it('is not detected as a foreign agent', () => {
    expect(first.decision).toMatchObject({ outcome: 'injected' });
    expect(first.decision.notices.filter(({ code }) => code === 'foreign-agent-present')).toEqual([]);
    const second = admit(first.pod, within, opened(catalogue));
    expect(second.operations).toEqual([]);
    expect(second.decision).toMatchObject({ reason: { code: 'already-instrumented' } });
  });

  it('is added to a container that was added later', () => {
    const { spec } = first.pod;
    const late: Pod = { ...first.pod, spec: { ...spec, containers: [...spec.containers, container('late')] } };
    const { decision } = admit(late, within, opened(catalogue));
    expect(decision.containers.find((one) => one.container === 'late')).toMatchObject({ outcome: 'injected' });
  });

  it('does not exclude profiles with another slot', () => {
    for (const slot of catalogue.slots.keys()) {
      if (!profile.slots.includes(slot)) expect(decideOn(first.pod, slot)).toMatchObject({ outcome: 'injected' });
    }
  });
});
