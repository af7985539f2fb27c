import type { AdmissionReview, Patcher, PatchOperation } from '../e2e/recorder.ts';
import { type Pod, variable } from '../support/pod.ts';

// What other injectors do to a pod, played by a webhook. Their modules cannot be built from the module proxy, so each row is what the real program
// did on 2026-11-29 (shared/reports/neighbours.md): the variables, in which order, and what keeps it from doing so twice.

export interface Played {
  readonly name: string;
  /** The annotations that ask it for an agent in container `app`; empty for one that selects pods by itself. */
  readonly asked: Readonly<Record<string, string>>;
  readonly patch: Patcher;
}

/** Variables that the injector sets if they are absent, and changes of those that it extends. */
interface Additions {
  readonly set?: Readonly<Record<string, string>>;
  readonly extend?: Readonly<Record<string, (value: string | undefined) => string>>;
}

const appended =
  (text: string, separator = ' ') =>
  (value: string | undefined): string =>
    value === undefined ? text : `${value}${separator}${text}`;

const operator = (language: string, additions: Additions): Played => ({
  name: `OpenTelemetry Operator (${language})`,
  asked: { [`instrumentation.opentelemetry.io/inject-${language}`]: 'true' },
  patch: (review) => {
    const pod = podIn(review);
    const annotations = pod.metadata?.annotations ?? {};
    if (annotations[`instrumentation.opentelemetry.io/inject-${language}`] !== 'true') return undefined;
    // Any container with this variable counts as instrumented.
    if (pod.spec.containers.some(({ env = [] }) => env.some(({ name }) => name === MARKER))) return undefined;
    const marker = { name: MARKER, valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } };
    const named = annotations['instrumentation.opentelemetry.io/container-names'];
    const index = Math.max(
      pod.spec.containers.findIndex(({ name }) => name === named),
      0,
    );
    return environmentPatch(pod, index, additions, [marker]);
  },
});

const MARKER = 'OTEL_RESOURCE_ATTRIBUTES_NODE_NAME';

const PYTHON = '/otel-auto-instrumentation-python';

export const played: readonly Played[] = [
  operator('java', {
    extend: { JAVA_TOOL_OPTIONS: appended('-javaagent:/otel-auto-instrumentation-java-app/javaagent.jar') },
  }),
  operator('nodejs', {
    extend: { NODE_OPTIONS: appended('--require /otel-auto-instrumentation-nodejs/autoinstrumentation.js') },
  }),
  operator('python', {
    extend: {
      PYTHONPATH: (value) =>
        [`${PYTHON}/opentelemetry/instrumentation/auto_instrumentation`, value, PYTHON]
          .filter((part) => part !== undefined)
          .join(':'),
    },
  }),
  operator('dotnet', {
    set: {
      CORECLR_ENABLE_PROFILING: '1',
      CORECLR_PROFILER: '{918728DD-259F-4A6A-AC2B-B85E1B658318}',
      CORECLR_PROFILER_PATH: '/otel-auto-instrumentation-dotnet/linux-x64/OpenTelemetry.AutoInstrumentation.Native.so',
      OTEL_DOTNET_AUTO_HOME: '/otel-auto-instrumentation-dotnet',
    },
    extend: {
      DOTNET_STARTUP_HOOKS: appended(
        '/otel-auto-instrumentation-dotnet/net/OpenTelemetry.AutoInstrumentation.StartupHook.dll',
        ':',
      ),
    },
  }),
  {
    name: 'New Relic agents operator (java)',
    asked: {},
    patch: (review) => {
      const pod = podIn(review);
      const text = '-javaagent:/nri-java--app/newrelic-agent.jar';
      if (variable(pod, 'JAVA_TOOL_OPTIONS', pod.spec.containers[0]?.name)?.includes(text)) return undefined;
      return environmentPatch(pod, 0, { extend: { JAVA_TOOL_OPTIONS: appended(text) } });
    },
  },
  {
    name: 'Elastic APM attacher (java)',
    asked: { 'co.elastic.apm/attach': 'java' },
    patch: (review) => {
      const pod = podIn(review);
      if (pod.metadata?.annotations?.['co.elastic.apm/attach'] !== 'java') return undefined;
      const set = { JAVA_TOOL_OPTIONS: '-javaagent:/elastic/apm/agent/elastic-apm-agent.jar' };
      return environmentPatch(pod, 0, { set });
    },
  },
];

function podIn({ request }: AdmissionReview): Pod {
  return request.object as Pod;
}

function environmentPatch(
  pod: Pod,
  index: number,
  { set = {}, extend = {} }: Additions,
  more: readonly object[] = [],
): readonly PatchOperation[] {
  const before = pod.spec.containers[index]?.env ?? [];
  const extended = before.map((entry) => {
    const change = extend[entry.name];
    return change ? { ...entry, value: change(entry.value) } : entry;
  });
  const isNew = (name: string): boolean => !before.some((entry) => entry.name === name);
  const added = [
    ...Object.entries(set).filter(([name]) => isNew(name)),
    ...Object.entries(extend).flatMap(([name, change]) => (isNew(name) ? [[name, change(undefined)] as const] : [])),
  ].map(([name, value]) => ({ name, value }));
  const env = [...extended, ...added, ...more];
  return JSON.stringify(env) === JSON.stringify(before)
    ? []
    : [{ op: 'add', path: `/spec/containers/${index}/env`, value: env }];
}
