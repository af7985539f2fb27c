import { type Admission, admit } from '../admission/admit.ts';
import type { Decision } from '../admission/decision.ts';
import { INJECTION_LABEL, key } from '../api/keys.ts';
import type { ProfileTest } from '../api/profile/profile.ts';
import { type ClusterState, unknownCluster } from '../kubernetes/cluster-state.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import { type Container, decodePod, type EnvVar, type Pod } from '../kubernetes/pod.ts';
import { parseVersion } from '../kubernetes/version.ts';
import { isObject, type Json, type JsonObject } from '../lib/json.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import type { Problem } from '../profiles/problem.ts';
import type { Profile } from '../profiles/profile.ts';
import { reasonMessage } from '../reasons/message.ts';

/** The result of one test of a profile: passed without deviations. */
export interface TestResult {
  readonly name: string;
  /** The paths are those of the expectations in the profile's document. */
  readonly deviations: readonly Problem[];
}

/** A failed expectation; its path starts at the test. */
type Deviation = Problem;

/**
 * Runs the tests of a profile through `admit`, like a server, in a namespace "test" that is opted in and chooses this profile. Cluster-wide
 * defaults of the catalogue are ignored, so that a test has the same result everywhere.
 */
export function runTests(profile: Profile, catalogue: Catalogue): readonly TestResult[] {
  const own: Catalogue = {
    ...catalogue,
    profiles: new Map([...catalogue.profiles, [profile.name, profile]]),
    defaults: new Map(),
    knownSettings: new Set([...catalogue.knownSettings, `containers.${profile.name}`, ...profile.parameters.keys()]),
  };
  return profile.tests.map((test, index) => ({
    name: test.name,
    deviations: runTest(test, profile, own).map(({ path, message }) => ({
      path: ['spec', 'tests', index, ...path],
      message,
    })),
  }));
}

function runTest(test: ProfileTest, profile: Profile, catalogue: Catalogue): readonly Deviation[] {
  const cluster = clusterOf(test);
  if (!cluster) return [{ path: ['kubernetes'], message: `"${test.kubernetes}" is not a version such as 1.36` }];
  const decoded = decodePod(completed(plain(test.pod)));
  if (!decoded.ok) return [{ path: ['pod'], message: `${decoded.path} must be ${decoded.expected}` }];
  const admission = admit(decoded.pod, namespaceOf(test, profile), catalogue, cluster);
  const { expect } = test;
  const outcome = outcomeDeviations(expect, admission.decision);
  if (outcome.length > 0) return outcome;
  const container = containerOf(admission.pod, expect.container);
  if (!container) return [{ path: ['expect', 'container'], message: `the pod has no container "${expect.container}"` }];
  return [
    ...deliveryDeviations(expect, admission.decision, profile, container.name),
    ...environmentDeviations(expect, container),
    ...mountDeviations(expect, container),
    ...advisoryDeviations(expect, admission.decision),
    ...annotationDeviations(expect, admission),
  ];
}

function clusterOf({ kubernetes }: ProfileTest): ClusterState | undefined {
  if (kubernetes === undefined) return unknownCluster;
  const version = parseVersion(kubernetes);
  return version && { ...unknownCluster, kubernetes: version };
}

function namespaceOf(test: ProfileTest, profile: Profile): Namespace {
  const own = Object.entries(test.namespace).map(([name, value]) => [name.includes('/') ? name : key(name), value]);
  return {
    name: 'test',
    labels: { [INJECTION_LABEL]: 'enabled' },
    annotations: { [key('profile')]: profile.name, ...Object.fromEntries(own) },
  };
}

function plain(value: unknown): Json {
  const json: Json = JSON.parse(JSON.stringify(value));
  return json;
}

/** The name of the container in a test that does not name one. */
const APP = 'app';

/** Adds what a test may leave out: containers, and their names and images. */
function completed(pod: Json): Json {
  if (!isObject(pod)) return pod;
  const spec = pod['spec'] ?? {};
  if (!isObject(spec)) return pod;
  const containers = spec['containers'] ?? [{}];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    ...pod,
    spec: { ...spec, containers: Array.isArray(containers) ? containers.map(completedContainer) : containers },
  };
}

function completedContainer(container: Json, index: number): Json {
  if (!isObject(container)) return container;
  const name = container['name'] ?? (index === 0 ? APP : undefined);
  return typeof name === 'string' ? { name, image: `registry.example.com/${name}:1`, ...container } : container;
}

type Expectation = ProfileTest['expect'];

function outcomeDeviations(expect: Expectation, decision: Decision): readonly Deviation[] {
  if (decision.outcome === 'injected') {
    return expect.outcome === 'injected' ? [] : [deviation(['outcome'], 'the outcome', 'injected', expect.outcome)];
  }
  const { reason } = decision;
  const why = `${reason.code}: ${reasonMessage(reason)}`;
  if (decision.outcome !== expect.outcome) {
    return [deviation(['outcome'], 'the outcome', `${decision.outcome} (${why})`, expect.outcome)];
  }
  if (expect.reason !== undefined && expect.reason !== reason.code) {
    return [deviation(['reason'], 'the reason', why, expect.reason)];
  }
  const conflict = reason.code === 'profile-conflict' ? reason.conflict : undefined;
  return expect.conflict === undefined || expect.conflict === conflict
    ? []
    : [deviation(['conflict'], 'the conflict', conflict ?? `none (${why})`, expect.conflict)];
}

function deviation(path: readonly PropertyKey[], what: string, found: string, expected: string): Deviation {
  return { path: ['expect', ...path], message: `${what} is ${found}, expected ${expected}` };
}

function containerOf({ spec }: Pod, wanted: string | undefined): Container | undefined {
  const all = [...spec.containers, ...(spec.initContainers ?? [])];
  if (wanted !== undefined) return all.find(({ name }) => name === wanted);
  return all.find(({ name }) => name === APP) ?? all[0];
}

function deliveryDeviations(
  expect: Expectation,
  decision: Decision,
  profile: Profile,
  container: string,
): readonly Deviation[] {
  if (expect.delivery === undefined) return [];
  const found = decision.containers.find((one) => one.container === container && one.profile === profile.name);
  const delivery = found?.outcome === 'injected' ? found.delivery : undefined;
  return delivery === expect.delivery
    ? []
    : [deviation(['delivery'], `the delivery of container ${container}`, quoted(delivery), quoted(expect.delivery))];
}

function environmentDeviations(expect: Expectation, container: Container): readonly Deviation[] {
  return Object.entries(expect.environment).flatMap(([name, wanted]) => {
    const found = container.env?.findLast((entry) => entry.name === name);
    return isAsWanted(found, wanted)
      ? []
      : [
          deviation(
            ['environment', name],
            `${name} of container ${container.name}`,
            variableText(found),
            quoted(wanted),
          ),
        ];
  });
}

function isAsWanted(found: EnvVar | undefined, wanted: Expectation['environment'][string]): boolean {
  if (wanted === null || found === undefined) return wanted === null && found === undefined;
  const from = found['valueFrom'] ?? undefined;
  if (typeof wanted === 'string') return from === undefined && (found.value ?? '') === wanted;
  return from !== undefined && includes(from, plain(wanted));
}

/** True if all wanted fields are equal; there may be others. */
function includes(found: Json | undefined, wanted: Json | undefined): boolean {
  if (!isObject(wanted)) return JSON.stringify(found) === JSON.stringify(wanted);
  return isObject(found) && Object.keys(wanted).every((name) => includes(found[name], wanted[name]));
}

function variableText(entry: EnvVar | undefined): string {
  if (!entry) return 'not set';
  const from = entry['valueFrom'] ?? undefined;
  return quoted(from === undefined ? (entry.value ?? '') : from);
}

function quoted(value: unknown): string {
  return value === undefined || value === null ? 'none' : JSON.stringify(value);
}

function mountDeviations(expect: Expectation, container: Container): readonly Deviation[] {
  const paths = new Set(container.volumeMounts?.map(({ mountPath }) => mountPath));
  const all = paths.size === 0 ? 'none' : [...paths].join(', ');
  return expect.mounts.flatMap((path, index) =>
    paths.has(path)
      ? []
      : [
          {
            path: ['expect', 'mounts', index],
            message: `container ${container.name} has no mount at ${path}; its mounts: ${all}`,
          },
        ],
  );
}

function advisoryDeviations(expect: Expectation, { notices }: Decision): readonly Deviation[] {
  if (expect.advisories === undefined) return [];
  const found = notices.flatMap((notice) => (notice.code === 'advisory' ? [notice.advisory] : []));
  return listText(found) === listText(expect.advisories)
    ? []
    : [deviation(['advisories'], 'the list of advisories', listText(found), listText(expect.advisories))];
}

function listText(codes: readonly string[]): string {
  return [...new Set(codes)].toSorted().join(', ') || 'none';
}

function annotationDeviations({ annotations }: Expectation, { pod }: Admission): readonly Deviation[] {
  const found: JsonObject = pod.metadata?.annotations ?? {};
  return Object.entries(annotations).flatMap(([name, wanted]) =>
    (found[name] ?? null) === wanted
      ? []
      : [deviation(['annotations', name], `annotation ${name} of the pod`, quoted(found[name]), quoted(wanted))],
  );
}
