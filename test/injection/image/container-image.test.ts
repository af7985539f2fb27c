import { describe, expect, it } from 'vitest';
import { type Admission, admit } from '../../../src/admission/admit.ts';
import { readStatus } from '../../../src/api/status-annotation.ts';
import type { ClusterState } from '../../../src/kubernetes/cluster-state.ts';
import type { ImageFacts } from '../../../src/kubernetes/images/facts.ts';
import { unknownCluster } from '../../../src/kubernetes/cluster-state.ts';
import type { Reason } from '../../../src/reasons/reason.ts';
import { catalogue, catalogueOf, container, namespace, pod, profileDocument } from '../../support/fixtures.ts';
import { clusterWith, READ_AT, readImage } from '../../support/image-facts.ts';

const IMAGE = 'registry.example.com/app:1';

const appending = catalogueOf(
  profileDocument({ environment: [{ name: 'OPTIONS', operation: 'append', separator: ' ', value: '--agent' }] }),
);

function decided(cluster: ClusterState, rest: Record<string, unknown> = {}, known = appending): Admission {
  const result = admit(pod([container('app', rest)]), namespace(), known, cluster);
  // The API server may call again.
  expect(admit(result.pod, namespace(), known, cluster).operations).toEqual([]);
  return result;
}

function optionsOf({ pod: { spec } }: Admission): string | undefined {
  return spec.containers[0]?.env?.find(({ name }) => name === 'OPTIONS')?.value;
}

const statusOf = ({ pod: after }: Admission) => readStatus(after)?.containers[0];
const noticesOf = ({ decision }: Admission): readonly Reason[] =>
  decision.notices.filter(({ code }) => code.startsWith('image-'));
const codesOf = (result: Admission): readonly string[] => noticesOf(result).map(({ code }) => code);

const withOptions = (value: string): ClusterState =>
  clusterWith([readImage(IMAGE, { variables: [{ name: 'OPTIONS', value }] })]);

describe('a variable that the image sets, and the profile adds to', () => {
  it('keeps its value, and the record and a notice say so', () => {
    const result = decided(withOptions('--max=200'));
    expect(optionsOf(result)).toBe('--max=200 --agent');
    expect(statusOf(result)).toMatchObject({ env: ['OPTIONS'], kept: ['OPTIONS'] });
    expect(codesOf(result)).toEqual(['image-variable-kept']);
  });

  it('is replaced by the value of the pod, as in Kubernetes', () => {
    const result = decided(withOptions('--max=200'), { env: [{ name: 'OPTIONS', value: '--own' }] });
    expect(optionsOf(result)).toBe('--own --agent');
    expect(codesOf(result)).toEqual([]);
    expect(statusOf(result)).not.toHaveProperty('kept');
  });

  it('is replaced by the value of envFrom', () => {
    const cluster = { ...withOptions('--max=200'), configMapKeys: () => new Set(['OPTIONS']) };
    const result = decided(cluster, { envFrom: [{ configMapRef: { name: 'options' } }] });
    expect(optionsOf(result)).toBe('$(OPTIONS) --agent');
    expect(codesOf(result)).toEqual([]);
  });

  it('keeps a $ that the kubelet would expand', () => {
    expect(optionsOf(decided(withOptions('-Da=$(HOME) $$')))).toBe('-Da=$$(HOME) $$$$ --agent');
  });

  it('with an empty value is not set', () => {
    const result = decided(withOptions(''));
    expect(optionsOf(result)).toBe('--agent');
    expect(codesOf(result)).toEqual([]);
  });
});

describe('an image without facts', () => {
  it.each<['unknown' | 'outdated', ClusterState]>([
    ['unknown', clusterWith([])],
    ['outdated', clusterWith([readImage(IMAGE)], { maxAgeMs: 10, now: () => READ_AT + 11 })],
  ])('that is %s gets what it got before, and the record says so', (why, cluster) => {
    const result = decided(cluster);
    expect(optionsOf(result)).toBe('--agent');
    expect(statusOf(result)).toMatchObject({ image: why });
    expect(noticesOf(result)).toMatchObject([{ code: 'image-unknown', why, variables: ['OPTIONS'] }]);
  });

  it('that could not be looked up is unknown, and the notice does not say that nothing is known', () => {
    const result = decided({ ...clusterWith([]), imageFacts: () => 'unreadable' });
    expect(optionsOf(result)).toBe('--agent');
    expect(statusOf(result)).toMatchObject({ image: 'unknown' });
    expect(noticesOf(result)).toMatchObject([{ code: 'image-unknown', why: 'unreadable' }]);
  });

  it('of which only the C library would have counted is in the record, and is not told', () => {
    const result = decided(clusterWith([]), {}, catalogue);
    expect(statusOf(result)).toMatchObject({ profile: 'jennifer-dotnet', image: 'unknown' });
    expect(codesOf(result)).toEqual([]);
  });

  it('does not matter where the pod sets the variable', () => {
    const result = decided(clusterWith([]), { env: [{ name: 'OPTIONS', value: '--own' }] });
    expect(codesOf(result)).toEqual([]);
    expect(statusOf(result)).not.toHaveProperty('image');
  });

  it('is not mentioned where no facts are given at all', () => {
    const result = decided(unknownCluster);
    expect(codesOf(result)).toEqual([]);
    expect(statusOf(result)).not.toHaveProperty('image');
  });
});

describe('an agent that the image carries', () => {
  const DATADOG = { name: 'CORECLR_PROFILER', value: '{846F5F1C-F9AE-4B07-969E-05C26BC060D8}' };
  const OFF = { name: 'CORECLR_ENABLE_PROFILING', value: '0' };
  const decision = (shown: Partial<ImageFacts>, rest: Record<string, unknown> = {}): Admission['decision'] =>
    decided(clusterWith([readImage(IMAGE, shown)]), rest, catalogue).decision;

  it.each<[string, Partial<ImageFacts>, string]>([
    ['a profiler', { variables: [DATADOG] }, 'foreign-profiler'],
    ['profiling turned off', { variables: [OFF] }, 'profiling-disabled'],
  ])('is a conflict: %s', (_, shown, code) => {
    expect(decision(shown)).toMatchObject({
      outcome: 'skipped',
      reason: { code: 'image-conflict', profile: 'jennifer-dotnet', conflict: { code } },
    });
  });

  it('is none where the pod replaces the variable', () => {
    const env = [{ name: OFF.name, value: '1' }];
    expect(decision({ variables: [OFF] }, { env }).outcome).toBe('injected');
  });

  it.each<[string, Partial<ImageFacts>]>([
    ['by its command', { entrypoint: ['java', '-javaagent:/opt/opentelemetry-javaagent.jar'] }],
    [
      'by a variable',
      { variables: [{ name: 'JAVA_TOOL_OPTIONS', value: '-javaagent:/opt/opentelemetry-javaagent.jar' }] },
    ],
    ['by the facts alone', { agents: [{ vendor: 'OpenTelemetry Java', at: 'its files' }] }],
  ])('is found %s', (_, shown) => {
    const cluster = clusterWith([readImage(IMAGE, shown)]);
    const java = pod([container('app')], { profile: 'jennifer-java', 'domain-id': '7' });
    expect(admit(java, namespace(), catalogue, cluster).decision).toMatchObject({
      reason: { code: 'image-conflict', conflict: { code: 'foreign-agent', vendor: 'OpenTelemetry Java' } },
    });
  });

  it('is none in a command that the pod replaces', () => {
    const cluster = clusterWith([
      readImage(IMAGE, { entrypoint: ['java', '-javaagent:/opt/opentelemetry-javaagent.jar'] }),
    ]);
    const java = pod([container('app', { command: ['java', '-jar', 'app.jar'] })], {
      profile: 'jennifer-java',
      'domain-id': '7',
    });
    expect(admit(java, namespace(), catalogue, cluster).decision.outcome).toBe('injected');
  });
});

describe('the C library that the image shows', () => {
  const musl = clusterWith([readImage(IMAGE, { libc: { is: 'musl', by: 'a step with "apk add"' } })]);

  it('refuses an agent that does not run with it', () => {
    const { decision } = decided(musl, {}, catalogue);
    expect(decision).toMatchObject({ reason: { code: 'libc-unsupported', shownBy: 'a step with "apk add"' } });
  });

  it('wins over the name of the image, and the setting over it', () => {
    const named = clusterWith([readImage('app:1-alpine', { libc: { is: 'glibc', by: 'a step' } })]);
    expect(decided(named, { image: 'app:1-alpine' }, catalogue).decision.outcome).toBe('injected');
    const set = pod([container('app')], { libc: 'glibc' });
    expect(admit(set, namespace(), catalogue, musl).decision.outcome).toBe('injected');
  });
});
