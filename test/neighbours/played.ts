import type { AdmissionReview, Patcher, PatchOperation } from '../e2e/recorder.ts';
import { type Container, type Pod, variable } from '../support/pod.ts';
import type { Language } from './bed.ts';

// What other injectors do to the variables of a pod, played by a webhook, for machines on which the real ones cannot be built. operators.test.ts holds
// the OpenTelemetry Operator and New Relic's operator to it. Of the Elastic attacher, the row is what it did on 2026-11-29 (shared/reports/neighbours.md).

export interface Played {
  readonly name: string;
  readonly language: Language;
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

/** The Operator's text for Java and Node.js begins with a space. */
const behind =
  (text: string) =>
  (value = ''): string =>
    `${value} ${text}`;

const MARKER = 'OTEL_RESOURCE_ATTRIBUTES_NODE_NAME';

function operator(language: Language, additionsFor: (container: Container) => Additions | undefined): Played {
  const annotation = `instrumentation.opentelemetry.io/inject-${language}`;
  return {
    name: `OpenTelemetry Operator (${language})`,
    language,
    asked: { [annotation]: 'true' },
    patch: (review) => {
      const pod = podIn(review);
      const annotations = pod.metadata?.annotations ?? {};
      if (annotations[annotation] !== 'true') return undefined;
      // Any container with this variable counts as instrumented.
      if (pod.spec.containers.some(({ env = [] }) => env.some(({ name }) => name === MARKER))) return undefined;
      const named = annotations['instrumentation.opentelemetry.io/container-names'];
      const index = named === undefined ? 0 : pod.spec.containers.findIndex(({ name }) => name === named);
      const container = pod.spec.containers[index];
      const additions = container && additionsFor(container);
      const marker = { name: MARKER, valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } };
      return additions && environmentPatch(pod, index, additions, [marker]);
    },
  };
}

const PYTHON = '/otel-auto-instrumentation-python';
const DOTNET = '/otel-auto-instrumentation-dotnet';

export const operators: readonly Played[] = [
  operator('java', ({ name }) => ({
    extend: { JAVA_TOOL_OPTIONS: behind(`-javaagent:/otel-auto-instrumentation-java-${name}/javaagent.jar`) },
  })),
  operator('nodejs', () => ({
    extend: { NODE_OPTIONS: behind('--require /otel-auto-instrumentation-nodejs/autoinstrumentation.js') },
  })),
  operator('python', () => ({
    extend: {
      PYTHONPATH: (value) =>
        [`${PYTHON}/opentelemetry/instrumentation/auto_instrumentation`, value, PYTHON]
          .filter((part) => part !== undefined)
          .join(':'),
    },
  })),
  operator('dotnet', ({ env = [] }) =>
    env.some(({ name }) => name === 'OTEL_DOTNET_AUTO_HOME')
      ? undefined
      : {
          set: {
            CORECLR_ENABLE_PROFILING: '1',
            CORECLR_PROFILER: '{918728DD-259F-4A6A-AC2B-B85E1B658318}',
            CORECLR_PROFILER_PATH: `${DOTNET}/linux/OpenTelemetry.AutoInstrumentation.Native.so`,
            OTEL_DOTNET_AUTO_HOME: DOTNET,
          },
          extend: {
            DOTNET_STARTUP_HOOKS: appended(`${DOTNET}/net/OpenTelemetry.AutoInstrumentation.StartupHook.dll`, ':'),
            DOTNET_ADDITIONAL_DEPS: appended(`${DOTNET}/AdditionalDeps`, ':'),
            DOTNET_SHARED_STORE: appended(`${DOTNET}/store`, ':'),
          },
        },
  ),
];

export const newRelic: Played = {
  name: 'New Relic agents operator (java)',
  language: 'java',
  asked: {},
  patch: (review) => {
    const pod = podIn(review);
    const [first] = pod.spec.containers;
    const text = `-javaagent:/nri-java--${first?.name}/newrelic-agent.jar`;
    if (variable(pod, 'JAVA_TOOL_OPTIONS', first?.name)?.includes(text)) return undefined;
    return environmentPatch(pod, 0, { extend: { JAVA_TOOL_OPTIONS: appended(text) } });
  },
};

const elastic: Played = {
  name: 'Elastic APM attacher (java)',
  language: 'java',
  asked: { 'co.elastic.apm/attach': 'java' },
  patch: (review) => {
    const pod = podIn(review);
    if (pod.metadata?.annotations?.['co.elastic.apm/attach'] !== 'java') return undefined;
    const set = { JAVA_TOOL_OPTIONS: '-javaagent:/elastic/apm/agent/elastic-apm-agent.jar' };
    return environmentPatch(pod, 0, { set });
  },
};

export const played: readonly Played[] = [...operators, newRelic, elastic];

/** The variables that the rows above change: the value of each, or where it comes from, by container and name. */
export function playedVariables({ spec }: Pod): Readonly<Record<string, string>> {
  const entries = spec.containers.flatMap(({ name: container, env = [] }) =>
    env
      .filter(({ name }) => name === MARKER || PLAYED.has(name))
      .map((entry) => [`${container}: ${entry.name}`, entry.value ?? JSON.stringify(entry['valueFrom'])] as const),
  );
  return Object.fromEntries(entries);
}

const PLAYED: ReadonlySet<string> = new Set([
  'JAVA_TOOL_OPTIONS',
  'NODE_OPTIONS',
  'PYTHONPATH',
  'CORECLR_ENABLE_PROFILING',
  'CORECLR_PROFILER',
  'CORECLR_PROFILER_PATH',
  'OTEL_DOTNET_AUTO_HOME',
  'DOTNET_STARTUP_HOOKS',
  'DOTNET_ADDITIONAL_DEPS',
  'DOTNET_SHARED_STORE',
]);

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
