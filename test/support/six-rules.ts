import assert from 'node:assert/strict';
import fc from 'fast-check';
import jsonpatch from 'fast-json-patch';
import { type Admission, admit } from '../../src/admission/admit.ts';
import type { Catalogue } from '../../src/profiles/catalogue.ts';
import type { ClusterState } from '../../src/kubernetes/cluster-state.ts';
import type { Namespace } from '../../src/kubernetes/namespace.ts';
import type { Container, EnvVar, Pod } from '../../src/kubernetes/pod.ts';
import type { Profile } from '../../src/profiles/profile.ts';
import { pods } from './generated-pod.ts';

// The rules of docs/adr/0002 for any profile, written without any code of src/injection/verify.

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const INJECTED = 'agent-injector.io/injected';
const EVICTABLE = 'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes';

export const cluster: ClusterState = {
  kubernetes: { major: 1, minor: 36 },
  podSecurityDefault: 'privileged',
  configMapKeys: (_, name) => (name === 'known' ? new Set(['KNOWN', 'JAVA_TOOL_OPTIONS', 'NODE_OPTIONS']) : undefined),
};

export interface Case {
  readonly pod: Pod;
  readonly namespace: Namespace;
  readonly catalogue: Catalogue;
  readonly lateContainer: Container;
}

/** Decides on the pod, asserts that the result holds every rule, and returns it. */
export function admitAndVerify({ pod, namespace, catalogue, lateContainer }: Case): Admission {
  const untouched = copy(pod);
  const admission = admit(pod, namespace, catalogue, cluster);
  const { decision, operations, pod: after } = admission;
  // 6: no patch fails the verification, and a refused pod is not patched.
  assert.notEqual(decision.outcome === 'injected' ? '' : decision.reason.code, 'rule-broken', JSON.stringify(decision));
  if (decision.outcome === 'refused') assert.deepEqual(operations, []);
  // 1 and 2
  assert.deepEqual(copy(pod), untouched, 'the input is not written to');
  survives(untouched, copy(after), [...catalogue.profiles.values()]);
  isWhole(after, admission, catalogue);
  // 3
  settles(copy(after), { namespace, catalogue, lateContainer });
  // 4
  hasNoDuplicates(untouched, after);
  // 5
  assert.equal(JSON.stringify(admit(copy(pod), namespace, catalogue, cluster).operations), JSON.stringify(operations));
  assert.deepEqual(jsonpatch.applyPatch(copy(pod), copy([...operations]), true).newDocument, copy(after));
  return admission;
}

/** Lists have only grown, init containers anywhere and others at their ends; variables have changed only as the profiles declare. */
function survives(before: Pod, after: Pod, profiles: readonly Profile[]): void {
  const { spec: had, metadata: hadMeta, ...hadRest } = before;
  const { spec: has, metadata: hasMeta, ...hasRest } = after;
  assert.deepEqual(hasRest, hadRest);
  const { annotations: hadAnnotations, labels: hadLabels, ...hadFields } = hadMeta ?? {};
  const { annotations: hasAnnotations, labels: hasLabels, ...hasFields } = hasMeta ?? {};
  assert.deepEqual(hasFields, hadFields);
  assert.deepEqual({ ...hasLabels, [INJECTED]: '' }, { ...hadLabels, [INJECTED]: '' });
  for (const [name, text] of Object.entries(hadAnnotations ?? {})) {
    if (name === 'agent-injector.io/status') continue;
    if (name === EVICTABLE) assert.ok(hasAnnotations?.[name]?.startsWith(text));
    else assert.equal(hasAnnotations?.[name], text, name);
  }
  const { containers, initContainers, volumes, imagePullSecrets, ...hadOther } = had;
  const {
    containers: hasContainers,
    initContainers: hasInits,
    volumes: hasVolumes,
    imagePullSecrets: hasSecrets,
    ...hasOther
  } = has;
  assert.deepEqual(hasOther, hadOther);
  startsWith(volumes, hasVolumes);
  startsWith(imagePullSecrets, hasSecrets);
  assert.equal(hasContainers.length, containers.length);
  const names = new Set((initContainers ?? []).map(({ name }) => name));
  const existing = (hasInits ?? []).filter(({ name }) => names.has(name));
  assert.deepEqual(
    existing.map(({ name }) => name),
    (initContainers ?? []).map(({ name }) => name),
  );
  const pairs = [
    ...containers.map((one, index) => [one, hasContainers[index]] as const),
    ...(initContainers ?? []).map((one, index) => [one, existing[index]] as const),
  ];
  for (const [one, patched] of pairs) if (patched) containerSurvives(one, patched, profiles);
}

function startsWith(before: unknown, after: unknown): void {
  const had = Array.isArray(before) ? (before as unknown[]) : [];
  assert.deepEqual((Array.isArray(after) ? (after as unknown[]) : []).slice(0, had.length), had);
}

function containerSurvives(before: Container, after: Container, profiles: readonly Profile[]): void {
  const { env, volumeMounts, ...had } = before;
  const { env: hasEnv, volumeMounts: hasMounts, ...has } = after;
  assert.deepEqual(has, had);
  startsWith(volumeMounts, hasMounts);
  const kinds = (name: string) =>
    profiles.flatMap(({ environment }) =>
      environment.filter((one) => one.name === name).map(({ operation }) => operation.kind),
    );
  let next = 0;
  for (const original of env ?? []) {
    const isKept = (one: EnvVar, following: EnvVar | undefined): boolean => {
      if (JSON.stringify(one) === JSON.stringify(original)) return true;
      const allowed = kinds(original.name).filter((kind) => kind !== 'set');
      if (allowed.length === 0) return false;
      if (one.name.startsWith(`${original.name}_ORIGINAL`)) {
        const isSame = JSON.stringify({ ...one, name: '' }) === JSON.stringify({ ...original, name: '' });
        return isSame && following?.name === original.name && following.value?.includes(`$(${one.name})`) === true;
      }
      if (one.name !== original.name) return false;
      if (allowed.includes('force')) return true;
      return !original['valueFrom'] && (one.value ?? '').includes(original.value ?? '');
    };
    const found = (hasEnv ?? []).findIndex((one, index) => index >= next && isKept(one, hasEnv?.[index + 1]));
    assert.ok(found >= 0, `${original.name} ${JSON.stringify([env, hasEnv])}`);
    next = found + 1;
  }
}

/** Each variable of the profile that has no condition is present, and each mount has its volume. */
function isWhole(after: Pod, { decision }: Admission, catalogue: Catalogue): void {
  for (const outcome of decision.containers) {
    if (outcome.outcome !== 'injected') continue;
    const profile = catalogue.profiles.get(outcome.profile);
    const container = [...after.spec.containers, ...(after.spec.initContainers ?? [])].find(
      ({ name }) => name === outcome.container,
    );
    if (!profile || !container) throw new Error('no container');
    const hasSources = Array.isArray(container['envFrom']);
    for (const { name, when } of profile.environment) {
      assert.ok(
        when !== undefined || hasSources || container.env?.some((one) => one.name === name),
        `${outcome.profile}: ${name}`,
      );
    }
    const delivery = profile.deliveries.find(({ name }) => name === outcome.delivery);
    if (delivery?.kind === 'preinstalled') continue;
    for (const { path } of profile.mounts) {
      const mount = container.volumeMounts?.find(({ mountPath }) => mountPath.replace(/\/$/, '') === path);
      assert.ok(mount && after.spec.volumes?.some(({ name }) => name === mount.name), `${outcome.profile}: ${path}`);
      const own = (after.spec.initContainers ?? []).findIndex(({ name }) => name === outcome.container);
      const filler = (after.spec.initContainers ?? []).findIndex(
        (one) =>
          one.name !== outcome.container &&
          one['command'] !== undefined &&
          one.volumeMounts?.some(({ name }) => name === mount.name),
      );
      if (delivery?.kind === 'initContainer' && own >= 0)
        assert.ok(filler >= 0 && filler < own, `${outcome.container} starts before its files are there`);
    }
  }
}

function settles(after: Pod, { namespace, catalogue, lateContainer }: Omit<Case, 'pod'>): void {
  assert.deepEqual(admit(after, namespace, catalogue, cluster).operations, []);
  const extended = { ...after, spec: { ...after.spec, containers: [...after.spec.containers, lateContainer] } } as Pod;
  const second = admit(extended, namespace, catalogue, cluster);
  assert.notEqual(second.decision.outcome === 'injected' ? '' : second.decision.reason.code, 'rule-broken');
  assert.deepEqual(admit(copy(second.pod), namespace, catalogue, cluster).operations, []);
}

function hasNoDuplicates(before: Pod, after: Pod): void {
  const twice = (names: readonly string[]) => names.filter((name, index) => names.indexOf(name) < index);
  const names = (list: readonly { readonly name: string }[] | null | undefined) => (list ?? []).map(({ name }) => name);
  const all = (pod: Pod) => [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  assert.deepEqual(twice(names(after.spec.volumes)), twice(names(before.spec.volumes)));
  assert.deepEqual(twice(names(all(after))), twice(names(all(before))));
  const volumes = new Set(names(after.spec.volumes));
  for (const has of all(after)) {
    const had = all(before).find(({ name }) => name === has.name);
    const paths = (one: Container | undefined) => (one?.volumeMounts ?? []).map(({ mountPath }) => mountPath);
    assert.deepEqual(twice(names(has.env)), twice(names(had?.env)));
    assert.deepEqual(twice(paths(has)), twice(paths(had)));
    for (const { name } of (has.volumeMounts ?? []).slice(had?.volumeMounts?.length ?? 0))
      assert.ok(volumes.has(name), name);
  }
  for (const { name } of after.spec.volumes ?? []) assert.match(name, /^.{1,63}$/);
}

/** Generated pods with variables of these names, whose values come in every possible way. */
export function podsWithVariables(names: readonly string[]): fc.Arbitrary<Pod> {
  const value = fc.constantFrom<object>(
    { value: '' },
    { value: 'theirs' },
    { value: '-Xmx1g $(A) $$(B)' },
    { value: 'a=1,,b' },
    { valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
    { valueFrom: { secretKeyRef: { name: 's', key: 'k', optional: true } } },
  );
  const extra = fc.array(fc.tuple(fc.constantFrom('A', ...names), value), { maxLength: 3 });
  const from = fc.constantFrom(
    undefined,
    undefined,
    [{ configMapRef: { name: 'known' } }],
    [{ secretRef: { name: 's' } }],
  );
  return fc.tuple(pods, extra, from, fc.nat(3), fc.boolean()).map(([pod, entries, envFrom, which, isFirst]) => {
    const containers = pod.spec.containers.map((one, index): Container => {
      if (index !== which % pod.spec.containers.length) return one;
      const own = entries.map(([name, rest]) => ({ name, ...rest }));
      return {
        ...one,
        env: isFirst ? [...own, ...(one.env ?? [])] : [...(one.env ?? []), ...own],
        ...(envFrom && { envFrom }),
      };
    });
    return { ...pod, spec: { ...pod.spec, containers } };
  });
}
