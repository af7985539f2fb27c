import type { Reason, ReasonCode } from '../../src/reasons/reason.ts';
import type { Source } from '../../src/reasons/reason.ts';

const onPod = (name: string): Source => ({ from: 'pod', key: `agent-injector.io/${name}` });
const onNamespace = (name: string): Source => ({ from: 'namespace', key: `agent-injector.io/${name}` });

/** An example of each reason, for docs/reasons.md. */
export const examples: { readonly [code in ReasonCode]: Extract<Reason, { code: code }> } = {
  'not-a-pod': { code: 'not-a-pod', resource: 'deployments.apps' },
  'not-a-creation': { code: 'not-a-creation', operation: 'UPDATE' },
  'mirror-pod': { code: 'mirror-pod' },
  'namespace-not-enabled': {
    code: 'namespace-not-enabled',
    namespace: 'shop',
    label: 'enable',
    suggestion: 'agent-injector.io/injection=enabled',
  },
  'opted-out': { code: 'opted-out', by: 'pod annotation agent-injector.io/inject' },
  'already-instrumented': { code: 'already-instrumented', profile: 'jennifer-dotnet' },
  'malformed-pod': { code: 'malformed-pod', path: 'spec.containers', expected: 'a list with at least one element' },
  'no-profile': { code: 'no-profile' },
  'unknown-profile': {
    code: 'unknown-profile',
    name: 'jenifer-dotnet',
    source: onNamespace('profile'),
    suggestion: 'jennifer-dotnet',
  },
  'unknown-delivery': {
    code: 'unknown-delivery',
    name: 'pvc',
    source: onPod('delivery'),
    known: ['persistentVolumeClaim', 'baked', 'auto'],
  },
  'invalid-value': {
    code: 'invalid-value',
    setting: 'domain-id',
    value: '40000',
    source: onPod('domain-id'),
    expected: 'an integer from 1 to 32767',
  },
  'missing-parameter': { code: 'missing-parameter', parameter: 'server-address', profile: 'jennifer-dotnet' },
  'no-target-container': { code: 'no-target-container', profile: undefined },
  'owner-excluded': {
    code: 'owner-excluded',
    kind: 'Job',
    by: 'namespace annotation agent-injector.io/exclude-owners',
  },
  'profile-not-allowed': { code: 'profile-not-allowed', profile: 'team-java', namespace: 'shop' },
  'os-unsupported': { code: 'os-unsupported', os: 'windows', profile: 'jennifer-dotnet' },
  'arch-unsupported': { code: 'arch-unsupported', profile: 'jennifer-dotnet', supported: ['amd64', 'arm64'] },
  'libc-unsupported': { code: 'libc-unsupported', libc: 'musl', profile: 'jennifer-dotnet', source: undefined },
  'kubernetes-unsupported': {
    code: 'kubernetes-unsupported',
    profile: 'team-java',
    minimum: { major: 1, minor: 35 },
    actual: { major: 1, minor: 33 },
  },
  'delivery-not-possible': {
    code: 'delivery-not-possible',
    delivery: 'hostPath',
    source: onPod('delivery'),
    requirement: { why: 'pod-security', level: 'restricted' },
  },
  'no-fitting-delivery': {
    code: 'no-fitting-delivery',
    profile: 'team-java',
    skipped: [
      { delivery: 'image', requirement: { why: 'kubernetes', minimum: { major: 1, minor: 35 }, actual: undefined } },
      { delivery: 'initContainer', requirement: { why: 'parameter', parameter: 'agent-image' } },
    ],
  },
  'claim-unusable': { code: 'claim-unusable', claim: 'my-agent-file', problem: { kind: 'absent' } },
  'foreign-agent': { code: 'foreign-agent', vendor: 'Dynatrace', at: 'LD_PRELOAD', slot: 'jvm-agent' },
  'slot-taken': { code: 'slot-taken', slot: 'jvm-agent', profile: 'team-java', by: 'pinpoint-java' },
  'profile-conflict': {
    code: 'profile-conflict',
    profile: 'team-java',
    conflict: 'old-agent',
    message: 'the agent of version 1 is in the image already',
  },
  'unproven-variable': {
    code: 'unproven-variable',
    variable: 'JAVA_TOOL_OPTIONS',
    profile: 'team-java',
    why: 'unseen',
  },
  'foreign-profiler': {
    code: 'foreign-profiler',
    slot: 'clr-profiler',
    variable: 'CORECLR_PROFILER',
    vendor: 'Datadog',
  },
  'profiling-disabled': { code: 'profiling-disabled', variable: 'CORECLR_ENABLE_PROFILING', value: '0' },
  'conflicting-variable': {
    code: 'conflicting-variable',
    variable: 'CORECLR_PROFILER_PATH',
    profile: 'jennifer-dotnet',
  },
  'mount-path-taken': { code: 'mount-path-taken', path: '/netagent', volume: 'data' },
  'namespace-unknown': { code: 'namespace-unknown', namespace: 'shop' },
  'namespace-unavailable': {
    code: 'namespace-unavailable',
    namespace: 'shop',
    why: 'the API server did not answer within 3000 ms',
  },
  'patch-too-large': { code: 'patch-too-large', size: 212_000 },
  'rule-broken': { code: 'rule-broken', rule: 'two volumes have the name "agent"' },
  'internal-error': { code: 'internal-error' },
  overloaded: { code: 'overloaded' },
  'unknown-annotation': {
    code: 'unknown-annotation',
    key: 'agent-injector.io/doman-id',
    on: 'pod',
    suggestion: 'domain-id',
  },
  'container-not-found': {
    code: 'container-not-found',
    pattern: 'wbe',
    source: onPod('containers'),
    suggestion: 'web',
  },
  'parameter-locked': { code: 'parameter-locked', parameter: 'agent-image', source: onPod('agent-image') },
  advisory: {
    code: 'advisory',
    profile: 'jennifer-dotnet',
    advisory: 'diagnostics-off',
    message: 'DOTNET_EnableDiagnostics=0 keeps the CLR from loading any profiler',
    container: 'web',
  },
  'foreign-agent-present': {
    code: 'foreign-agent-present',
    vendor: 'OpenTelemetry',
    at: 'its command',
    container: 'web',
  },
  'misplaced-key': {
    code: 'misplaced-key',
    as: 'annotation',
    key: 'agent-injector.io/domain-id',
    kind: 'Deployment',
    name: 'web',
  },
  'unknown-label': {
    code: 'unknown-label',
    label: 'agent-injector.io/inject',
    value: 'true',
    expected: 'settings must be annotations',
  },
};
