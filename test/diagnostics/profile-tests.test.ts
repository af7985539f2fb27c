import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseProfile } from '../../src/profiles/parse.ts';
import type { Profile } from '../../src/profiles/profile.ts';
import { runTests } from '../../src/diagnostics/profile-tests.ts';
import { catalogue, catalogueWith } from '../support/fixtures.ts';

const base = `
apiVersion: agent-injector.io/v1alpha1
kind: AgentProfile
metadata: {name: acme}
spec:
  vendor: Acme
  description: An agent
  constraints: {os: [linux]}
  parameters:
    - {name: collector, type: host, required: true, description: Where to}
    - {name: claim, type: objectName, default: acme, description: The claim}
  conflicts:
    - {code: other-acme, match: [{env: {name: OTHER_ACME}}], message: another Acme is there}
  advisories:
    - {code: slow-start, match: [{env: {name: SLOW}}], message: the app starts slowly}
  deliveries:
    - {image: {reference: registry.example.com/acme:1}}
    - {persistentVolumeClaim: {claimName: "\${claim}"}}
    - {name: copied, initContainer: {image: registry.example.com/acme:1, command: [cp, -r, /acme/., /agent]}}
  mounts: [{path: /acme}]
  environment:
    - {name: JAVA_TOOL_OPTIONS, operation: append, separator: " ", value: "-javaagent:/acme/acme.jar"}
    - {name: ACME_COLLECTOR, value: "\${collector}"}
    - {name: ACME_SERVICE, value: "\${pod.workload}"}
    - {name: ACME_NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
  tests:
`;

function profileWith(tests: string): Profile {
  const read = parseProfile(parse(base + tests.replaceAll(/^/gm, '    ')));
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  return read.value;
}

/** The deviations of the test. */
const deviations = (test: string, known = catalogue) =>
  runTests(profileWith(test), known).flatMap((result) =>
    result.deviations.map(({ path, message }) => `${path.slice(3).join('.')}: ${message}`),
  );

const plain = `
- name: plain
  namespace: {collector: acme.example.com}
  expect:
    outcome: injected`;

describe('a test in a profile', () => {
  it('passes although injection is stopped, for the profile or by the options', () => {
    const suspended = { ...profileWith(plain), suspended: true };
    const off = { mode: 'off', by: 'a test', why: '', profiles: new Map<string, never>() } as const;
    for (const known of [catalogue, { ...catalogue, injection: off }])
      expect(runTests(suspended, known)).toEqual([{ name: 'plain', deviations: [] }]);
  });

  it('passes if all expectations are met', () => {
    const results = runTests(
      profileWith(`${plain}
    delivery: persistentVolumeClaim
    environment:
      JAVA_TOOL_OPTIONS: -javaagent:/acme/acme.jar
      ACME_COLLECTOR: acme.example.com
      ACME_SERVICE: app
      ACME_NODE: {fieldRef: {fieldPath: spec.nodeName}}
      OTHER: null
    mounts: [/acme]
    advisories: []
    annotations: {example.com/none: null}
- name: image volumes
  kubernetes: "1.36"
  namespace: {collector: acme.example.com, image-volumes: "on"}
  expect: {outcome: injected, delivery: image}`),
      catalogue,
    );
    expect(results).toEqual([
      { name: 'plain', deviations: [] },
      { name: 'image volumes', deviations: [] },
    ]);
  });

  it('reports every unmet expectation with the actual value and its path', () => {
    expect(
      deviations(`${plain}
    delivery: preinstalled
    environment:
      JAVA_TOOL_OPTIONS: x
      ACME_COLLECTOR: null
      ACME_SERVICE: {fieldRef: {fieldPath: metadata.name}}
      ACME_NODE: node-1
      OTHER: y
    mounts: [/acme, /other]
    advisories: [slow-start]
    annotations: {example.com/none: x}`),
    ).toEqual([
      'expect.delivery: the delivery of container app is "persistentVolumeClaim", expected "preinstalled"',
      'expect.environment.JAVA_TOOL_OPTIONS: JAVA_TOOL_OPTIONS of container app is "-javaagent:/acme/acme.jar", expected "x"',
      'expect.environment.ACME_COLLECTOR: ACME_COLLECTOR of container app is "acme.example.com", expected none',
      'expect.environment.ACME_SERVICE: ACME_SERVICE of container app is "app", expected {"fieldRef":{"fieldPath":"metadata.name"}}',
      'expect.environment.ACME_NODE: ACME_NODE of container app is {"fieldRef":{"fieldPath":"spec.nodeName"}}, expected "node-1"',
      'expect.environment.OTHER: OTHER of container app is not set, expected "y"',
      'expect.mounts.1: container app has no mount at /other; its mounts: /acme',
      'expect.advisories: the list of advisories is none, expected slow-start',
      'expect.annotations.example.com/none: annotation example.com/none of the pod is none, expected "x"',
    ]);
  });

  it('gives paths from the root of the document', () => {
    const [, second] = runTests(
      profileWith(`${plain}
- name: other
  namespace: {collector: acme.example.com}
  expect: {outcome: injected, delivery: preinstalled}`),
      catalogue,
    );
    expect(second?.deviations[0]?.path).toEqual(['spec', 'tests', 1, 'expect', 'delivery']);
  });

  it('reports an unexpected outcome with its reason, and nothing else', () => {
    expect(deviations('- {name: a, expect: {outcome: injected, mounts: [/acme]}}')).toEqual([
      'expect.outcome: the outcome is skipped (missing-parameter: profile acme requires agent-injector.io/collector, which is not set), expected injected',
    ]);
    expect(deviations(plain.replace('outcome: injected', 'outcome: skipped'))).toEqual([
      'expect.outcome: the outcome is injected, expected skipped',
    ]);
  });

  it('compares the reason and the conflict', () => {
    const conflict = (expected: string) =>
      deviations(`
- name: conflict
  namespace: {collector: acme.example.com}
  pod: {spec: {containers: [{env: [{name: OTHER_ACME, value: "1"}]}]}}
  expect: {outcome: skipped, ${expected}}`);
    expect(conflict('reason: profile-conflict, conflict: other-acme, environment: {JAVA_TOOL_OPTIONS: null}')).toEqual(
      [],
    );
    expect(conflict('reason: missing-parameter')).toEqual([
      'expect.reason: the reason is profile-conflict: another Acme is there, expected missing-parameter',
    ]);
    expect(conflict('conflict: other')).toEqual(['expect.conflict: the conflict is other-acme, expected other']);
    expect(deviations('- {name: a, expect: {outcome: skipped, conflict: other-acme}}')).toEqual([
      'expect.conflict: the conflict is none (missing-parameter: profile acme requires agent-injector.io/collector, which is not set), expected other-acme',
    ]);
  });

  it('is about the container "app", else the first one, or the one that it names', () => {
    const about = (expected: string, name = 'app') =>
      deviations(`
- name: two
  namespace: {collector: acme.example.com, delivery: copied, containers: ${name}}
  pod: {spec: {containers: [{name: proxy}, {name: ${name}}]}}
  expect: {outcome: injected, ${expected}}`);
    expect(about('environment: {ACME_COLLECTOR: acme.example.com}')).toEqual([]);
    expect(about('environment: {ACME_COLLECTOR: null}', 'web')).toEqual([]);
    expect(about('container: web, environment: {ACME_COLLECTOR: acme.example.com}', 'web')).toEqual([]);
    expect(about('container: acme-agent, mounts: [/agent]')).toEqual([]);
    expect(about('container: acme-agent, mounts: [/other]')).toEqual([
      'expect.mounts.0: container acme-agent has no mount at /other; its mounts: /agent',
    ]);
    expect(about('container: none')).toEqual(['expect.container: the pod has no container "none"']);
  });

  it('completes a pod, and rejects an invalid one', () => {
    const ofPod = (pod: string) =>
      deviations(`- {name: a, namespace: {collector: a.example.com}, pod: ${pod}, expect: {outcome: injected}}`);
    expect(ofPod('{metadata: {name: web}}')).toEqual([]);
    expect(ofPod('{spec: {nodeName: n}}')).toEqual([]);
    expect(ofPod('{spec: {containers: [{env: [{name: A, value: "1"}]}, {name: second}]}}')).toEqual([]);
    expect(ofPod('{spec: {containers: [{name: a}, {}]}}')).toEqual([
      'pod: spec.containers[1].name must be a non-empty string',
    ]);
    expect(ofPod('{spec: {containers: [{env: [{name: A, value: 1}]}]}}')).toEqual([
      'pod: spec.containers[0].env[0].value must be a string, not 1: write it in quotes',
    ]);
    expect(ofPod('{spec: 1}')).toEqual(['pod: spec must be an object']);
  });

  it('rejects an invalid version of Kubernetes', () => {
    expect(deviations('- {name: a, kubernetes: newest, expect: {outcome: injected}}')).toEqual([
      expect.stringContaining('kubernetes: "newest"'),
    ]);
  });

  it('may set other keys on the namespace, and does not depend on cluster-wide defaults', () => {
    const test = `
- name: a
  namespace: {pod-security.kubernetes.io/enforce: baseline, collector: acme.example.com}
  expect: {outcome: injected, advisories: []}`;
    expect(deviations(test, catalogueWith({ inject: 'false', profile: 'none' }))).toEqual([]);
  });
});

const builtIn = [...catalogue.profiles.values()];

describe('the tests of the built-in profiles pass', () => {
  it.each(builtIn.map((profile) => [profile.name, profile] as const))('%s', (_, profile) => {
    expect(profile.tests.length).toBeGreaterThan(0);
    const failed = runTests(profile, catalogue).filter(({ deviations: found }) => found.length > 0);
    expect(failed).toEqual([]);
  });
});
