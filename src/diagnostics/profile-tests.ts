import { type Admission, admit } from '../admission/admit.ts';
import type { Decision } from '../admission/decision.ts';
import { ENABLED, INJECTION_LABEL, key } from '../api/keys.ts';
import type { ProfileTest } from '../api/profile/profile.ts';
import { type ClusterState, unknownCluster } from '../kubernetes/cluster-state.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import { annotationsOf, type Container, containersOf, decodePod, type EnvVar, type Pod } from '../kubernetes/pod.ts';
import { parseVersion } from '../kubernetes/version.ts';
import { contains, isObject, type Json } from '../lib/json.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import type { Problem } from '../profiles/problem.ts';
import type { Profile } from '../profiles/profile.ts';
import { OPEN } from '../profiles/tenancy/policy.ts';
import { reasonMessage, unmetRequirementText } from '../reasons/message.ts';
import type { UnmetRequirement } from '../reasons/reason.ts';

export interface TestResult {
  readonly name: string;
  /** Unmet expectations, with their paths in the profile's document. */
  readonly deviations: readonly Problem[];
}

/**
 * Runs the tests of a profile with `admit`, in a namespace "test" that is opted in and selects this profile. The catalogue provides other
 * profiles, slots, sidecars and foreign agents; its cluster-wide defaults and its tenancy are ignored, and so is that injection is stopped or a canary,
 * so that a test has the same result everywhere: the profile alone decides who may set its parameters.
 */
export function runTests(given: Profile, { injection: _injection, ...catalogue }: Catalogue): readonly TestResult[] {
  const profile: Profile = { ...given, suspended: false, canary: undefined };
  const own: Catalogue = {
    ...catalogue,
    profiles: new Map([...catalogue.profiles, [profile.name, profile]]),
    defaults: new Map(),
    tenancy: OPEN,
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

function runTest(test: ProfileTest, profile: Profile, catalogue: Catalogue): readonly Problem[] {
  const cluster = clusterOf(test);
  if (!cluster)
    return [{ path: ['kubernetes'], message: `"${test.kubernetes}" is not a Kubernetes version such as 1.36` }];
  const decoded = decodePod(completed(plain(test.pod)));
  if (!decoded.ok) return [{ path: ['pod'], message: `${decoded.error.path} must be ${decoded.error.expected}` }];
  const admission = admit(decoded.value, namespaceOf(test, profile), catalogue, cluster);
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
    labels: { [INJECTION_LABEL]: ENABLED },
    annotations: { [key('profile')]: profile.name, ...Object.fromEntries(own) },
  };
}

/** YAML values beyond JSON (a timestamp) become strings, as on their way to the API server. */
function plain(value: unknown): Json {
  const json: Json = JSON.parse(JSON.stringify(value));
  return json;
}

const APP = 'app';

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

function outcomeDeviations(expect: Expectation, decision: Decision): readonly Problem[] {
  if (decision.outcome === 'injected') return compare(['outcome'], 'the outcome', 'injected', expect.outcome);
  const { reason } = decision;
  const why = `${reason.code}: ${reasonMessage(reason)}`;
  if (decision.outcome !== expect.outcome)
    return compare(['outcome'], 'the outcome', `${decision.outcome} (${why})`, expect.outcome);
  if (expect.reason !== undefined && expect.reason !== reason.code)
    return compare(['reason'], 'the reason', why, expect.reason);
  if (expect.conflict === undefined) return [];
  const conflict = reason.code === 'profile-conflict' ? reason.conflict : `none (${why})`;
  return compare(['conflict'], 'the conflict', conflict, expect.conflict);
}

function compare(path: readonly PropertyKey[], what: string, found: string, expected: string): readonly Problem[] {
  if (found === expected) return [];
  return [{ path: ['expect', ...path], message: `${what} is ${found}, expected ${expected}` }];
}

function containerOf(pod: Pod, expected: string | undefined): Container | undefined {
  const containers = containersOf(pod);
  if (expected !== undefined) return containers.find(({ name }) => name === expected);
  return containers.find(({ name }) => name === APP) ?? containers[0];
}

function deliveryDeviations(
  expect: Expectation,
  decision: Decision,
  profile: Profile,
  container: string,
): readonly Problem[] {
  if (expect.delivery === undefined) return [];
  const found = decision.containers.find((one) => one.container === container && one.profile === profile.name);
  const delivery = found?.outcome === 'injected' ? found.delivery : undefined;
  const skipped = found?.outcome === 'injected' ? found.skippedDeliveries : [];
  const why = skipped.find((one) => one.delivery === expect.delivery);
  const reason = why ? ` (${unmetRequirementText(why.requirement)}${versionHint(why.requirement)})` : '';
  return compare(
    ['delivery'],
    `the delivery of container ${container}`,
    quoted(delivery),
    `${quoted(expect.delivery)}${reason}`,
  );
}

/** A test without a version is of a cluster whose version is not known. */
function versionHint({ why }: UnmetRequirement): string {
  return why === 'kubernetes' ? '; a test names it with kubernetes: "1.36"' : '';
}

function environmentDeviations(expect: Expectation, container: Container): readonly Problem[] {
  return Object.entries(expect.environment).flatMap(([name, expected]) => {
    const found = container.env?.findLast((entry) => entry.name === name);
    if (isAsExpected(found, expected)) return [];
    return compare(
      ['environment', name],
      `${name} of container ${container.name}`,
      variableText(found),
      quoted(expected),
    );
  });
}

function isAsExpected(found: EnvVar | undefined, expected: Expectation['environment'][string]): boolean {
  if (expected === null || found === undefined) return expected === null && found === undefined;
  const from = found['valueFrom'] ?? undefined;
  if (typeof expected === 'string') return from === undefined && (found.value ?? '') === expected;
  return from !== undefined && contains(from, plain(expected));
}

function variableText(entry: EnvVar | undefined): string {
  return entry ? quoted(entry['valueFrom'] ?? entry.value ?? '') : 'not set';
}

function quoted(value: unknown): string {
  return value === undefined || value === null ? 'none' : JSON.stringify(value);
}

function mountDeviations(expect: Expectation, container: Container): readonly Problem[] {
  const paths = new Set(container.volumeMounts?.map(({ mountPath }) => mountPath));
  const found = [...paths].join(', ') || 'none';
  return expect.mounts.flatMap((path, index) => {
    const message = `container ${container.name} has no mount at ${path}; its mounts: ${found}`;
    return paths.has(path) ? [] : [{ path: ['expect', 'mounts', index], message }];
  });
}

function advisoryDeviations({ advisories }: Expectation, { notices }: Decision): readonly Problem[] {
  if (advisories === undefined) return [];
  const found = notices.flatMap((notice) => (notice.code === 'advisory' ? [notice.advisory] : []));
  return compare(['advisories'], 'the list of advisories', listText(found), listText(advisories));
}

function listText(codes: readonly string[]): string {
  return [...new Set(codes)].toSorted().join(', ') || 'none';
}

function annotationDeviations({ annotations }: Expectation, { pod }: Admission): readonly Problem[] {
  const found = annotationsOf(pod);
  return Object.entries(annotations).flatMap(([name, expected]) =>
    compare(['annotations', name], `annotation ${name} of the pod`, quoted(found[name]), quoted(expected)),
  );
}
