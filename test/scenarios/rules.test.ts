import assert from 'node:assert/strict';
import jsonpatch from 'fast-json-patch';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Admission, admit } from '../../src/admission/admit.ts';
import type { Namespace } from '../../src/kubernetes/namespace.ts';
import type { Container, Pod, Volume, VolumeMount } from '../../src/kubernetes/pod.ts';
import { templateText } from '../../src/profiles/template.ts';
import { catalogueWith, namespace as namespaceWith } from '../support/fixtures.ts';
import { lateContainer as lateContainers, pods, settings } from '../support/generated-pod.ts';

// The rules of docs/adr/0002, one function each, written without any code of src/injection/verify.

const catalogue = catalogueWith({ 'server-address': 'jennifer.example.com' });
const profile = catalogue.profiles.get('jennifer-dotnet');
if (!profile) throw new Error('the catalogue has no profile jennifer-dotnet');
const variables = profile.environment.map(({ name }) => name);
/** The variables that the CLR reads together, with the values that the profile sets. */
const profilerValues = profile.environment.flatMap(({ name, group, operation }) => {
  if (group !== 'profiler' || operation.kind !== 'set' || !('text' in operation.value)) return [];
  const normalise = (value = ''): string => (operation.compare === 'guid' ? value.toUpperCase() : value);
  return [{ name, expected: normalise(templateText(operation.value.text)), normalise }];
});
const mountPaths = profile.mounts.map(({ path }) => path);
const namespaces = settings.map((annotations) => namespaceWith(annotations));

const lists = (pod: Pod) => [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** Asserts that `after` has everything that `before` has, at its place and with its value; lists may have grown at their ends. */
function isContained(before: unknown, after: unknown, path: string): void {
  if (path.endsWith('/agent-injector.io/status')) return;
  if (Array.isArray(before) && /(volumes|env|volumeMounts)$/.test(path)) {
    assert.deepEqual((after as unknown[]).slice(0, before.length), before, path);
  } else if (typeof before === 'object' && before !== null && !Array.isArray(before)) {
    for (const [key, value] of Object.entries(before))
      isContained(value, (after as Record<string, unknown>)[key], `${path}/${key}`);
  } else if (Array.isArray(before)) {
    assert.equal((after as unknown[]).length, before.length, path);
    before.forEach((value, index) => isContained(value, (after as unknown[])[index], `${path}/${index}`));
  } else if (before !== null) {
    assert.deepEqual(after, before, path);
  }
}

interface Case {
  readonly pod: Pod;
  readonly namespace: Namespace;
  readonly lateContainer: Container;
  readonly admission: Admission;
}

const counts = { injected: 0, refused: 0, completed: 0 };

/** 1: everything in the original pod survives. */
function survives({ pod, namespace, admission }: Case): void {
  const untouched = copy(pod);
  isContained(untouched, copy(admission.pod), '');
  assert.deepEqual(copy(admit(pod, namespace, catalogue).pod), copy(admission.pod), 'a second decision is the same');
  assert.deepEqual(copy(pod), untouched, 'the input is not changed');
  for (const { op, path } of admission.operations) {
    assert.equal(op === 'add' || path === '/metadata/annotations/agent-injector.io~1status', true, path);
  }
}

/** 2: an agent goes into a container as a whole or not at all. */
function isWhole({ pod, admission: { decision, pod: after } }: Case): void {
  for (const [index, had] of lists(pod).entries()) {
    const has = lists(after)[index];
    const outcome = decision.containers.find((one) => one.container === had.name && one.outcome === 'injected');
    if (outcome?.outcome !== 'injected') continue;
    counts.injected++;
    const value = (name: string) => has?.env?.findLast((entry) => entry.name === name)?.value;
    for (const { name, expected, normalise } of profilerValues) assert.equal(normalise(value(name)), expected, name);
    const names = new Set(has?.env?.map(({ name }) => name));
    for (const name of variables) assert.ok(names.has(name), name);
    assert.equal(
      has?.env?.some(({ name }) => /PROFILER_PATH_|DOTNET_PROFILER/.test(name)),
      false,
    );
    if (outcome.delivery === 'preinstalled') continue;
    for (const path of mountPaths) {
      const mount: VolumeMount | undefined = has?.volumeMounts?.find(
        ({ mountPath }) => mountPath.replace(/\/$/, '') === path,
      );
      const volume: Volume | undefined = after.spec.volumes?.find(({ name }) => name === mount?.name);
      assert.deepEqual(
        (volume?.['persistentVolumeClaim'] as { claimName?: string } | undefined)?.claimName,
        outcome.parameters.get('claim-name')?.text,
      );
    }
  }
  if (decision.outcome !== 'injected') assert.deepEqual(copy(after.spec), copy(pod.spec));
}

/** 3: a second pass changes nothing, and a container added since gets its agent. */
function isSettled({ namespace, lateContainer, admission }: Case): void {
  const received = copy(admission.pod);
  assert.deepEqual(admit(received, namespace, catalogue).operations, []);
  const extended = {
    ...received,
    spec: { ...received.spec, containers: [...received.spec.containers, lateContainer] },
  } as Pod;
  const second = admit(extended, namespace, catalogue);
  if (admission.decision.outcome === 'injected' && second.decision.outcome === 'injected') counts.completed++;
  assert.deepEqual(admit(copy(second.pod), namespace, catalogue).operations, []);
}

/** 4: there are no new duplicates, every new mount has its volume, and every new `$(VAR)` its variable. */
function hasNoDuplicates({ pod, admission: { pod: after } }: Case): void {
  const twice = (names: readonly string[]) => names.filter((name, index) => names.indexOf(name) < index);
  const names = (list: readonly { readonly name: string }[] | null | undefined) => (list ?? []).map(({ name }) => name);
  assert.deepEqual(twice(names(after.spec.volumes)), twice(names(pod.spec.volumes)));
  const volumes = new Set(names(after.spec.volumes));
  for (const [index, has] of lists(after).entries()) {
    const had = lists(pod)[index];
    const paths = (one: Container | undefined) => (one?.volumeMounts ?? []).map(({ mountPath }) => mountPath);
    assert.deepEqual(twice(names(has.env)), twice(names(had?.env)));
    assert.deepEqual(twice(paths(has)), twice(paths(had)));
    for (const { name } of (has.volumeMounts ?? []).slice(had?.volumeMounts?.length ?? 0)) assert.ok(volumes.has(name));
    for (const { value } of (has.env ?? []).slice(had?.env?.length ?? 0)) assert.doesNotMatch(value ?? '', /\$\(/);
  }
  // A mount of a volume that did not exist does not get one of ours.
  for (const [index, had] of lists(pod).entries()) {
    for (const { name } of had.volumeMounts ?? []) {
      assert.equal(volumes.has(name), names(pod.spec.volumes).includes(name), `${index}: ${name}`);
    }
  }
}

/** 5: the same input gives the same bytes, and the operations produce exactly the patched pod. */
function isDeterministic({ pod, namespace, admission }: Case): void {
  assert.equal(JSON.stringify(admit(copy(pod), namespace, catalogue).operations), JSON.stringify(admission.operations));
  const sent = copy([...admission.operations]);
  assert.deepEqual(jsonpatch.applyPatch(copy(pod), sent, true).newDocument, copy(admission.pod));
}

/** 6: only a required pod is ever refused, without a patch; no patch fails the verification. */
function isRefusedOnlyIfRequired({ pod, admission: { decision, operations } }: Case): void {
  assert.notEqual(decision.outcome !== 'injected' && decision.reason.code, 'rule-broken');
  if (decision.outcome !== 'refused') return;
  counts.refused++;
  assert.equal(pod.metadata?.labels?.['agent-injector.io/injection'], 'required');
  assert.deepEqual(operations, []);
}

it('the six rules hold for 10,000 pods, whatever the settings', () => {
  const rules = [survives, isWhole, isSettled, hasNoDuplicates, isDeterministic, isRefusedOnlyIfRequired];
  fc.assert(
    fc.property(pods, namespaces, lateContainers, (pod, namespace, lateContainer) => {
      const admission = admit(pod, namespace, catalogue);
      for (const rule of rules) rule({ pod, namespace, lateContainer, admission });
    }),
    { numRuns: 10_000, seed: 20_261_120 },
  );
  assert.equal(profilerValues.length, 3);
  // A generator whose pods are never injected would prove nothing.
  expect(counts.injected).toBeGreaterThan(2000);
  expect(counts.completed).toBeGreaterThan(200);
  expect(counts.refused).toBeGreaterThan(50);
}, 300_000);
