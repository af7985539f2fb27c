import { describe, expect, it } from 'vitest';
import { admit } from '../../src/admission/admit.ts';
import { INJECTED_LABEL } from '../../src/api/keys.ts';
import { brokenRule } from '../../src/injection/verify/pod.ts';
import { labelsOf, type Pod } from '../../src/kubernetes/pod.ts';
import type { Catalogue } from '../../src/profiles/catalogue.ts';
import { catalogue, catalogueOf, container, namespace, pod, profileDocument } from '../support/fixtures.ts';

// The label of injected pods, by which they can be selected.

const withLabels = (labels: Record<string, string> | null, given = pod()): Pod => ({
  ...given,
  metadata: { ...given.metadata, labels },
});
const two = catalogueOf(
  profileDocument({ environment: [{ name: 'ONE', value: '1' }] }, 'one'),
  profileDocument({ environment: [{ name: 'TWO', value: '2' }], mounts: [{ path: '/two' }] }, 'two'),
);
const labelIn = (given: Pod, known: Catalogue = catalogue, within = namespace()): string | undefined =>
  labelsOf(admit(given, within, known).pod)[INJECTED_LABEL];

describe('the label', () => {
  it('names the profile, or says that there are several', () => {
    expect(labelIn(pod())).toBe('jennifer-dotnet');
    expect(labelIn(pod(), two)).toBe('multiple');
    expect(labelIn(pod([container('web'), container('worker')]))).toBe('jennifer-dotnet');
  });

  it.each([
    ['no metadata', { spec: pod().spec }, '/metadata'],
    ['no labels', pod(), '/metadata/labels'],
    ['null', withLabels(null), '/metadata/labels'],
    ['labels', withLabels({ app: 'web' }), '/metadata/labels/agent-injector.io~1injected'],
  ])('takes one operation at most: %s', (_, given, path) => {
    const { operations, pod: after } = admit(given, namespace(), catalogue);
    const ofLabel = operations.filter(
      (one) => JSON.stringify(one).includes('agent-injector.io') && /labels|metadata$/.test(one.path),
    );
    expect(ofLabel.map((one) => one.path)).toEqual([path]);
    expect(labelsOf(after)).toEqual({ ...labelsOf(given), [INJECTED_LABEL]: 'jennifer-dotnet' });
    expect(admit(after, namespace(), catalogue).operations).toEqual([]);
  });

  it('is not on pods without the agent, and causes no notice', () => {
    expect(labelIn(pod([container('web')], { inject: 'false' }))).toBeUndefined();
    expect(labelIn(pod(), catalogue, namespace({ profile: 'nowhere' }))).toBeUndefined();
    expect(admit(withLabels({ [INJECTED_LABEL]: 'x' }), namespace(), catalogue).decision.notices).toEqual([]);
  });

  it('is reported where the label `injection` was meant', () => {
    const meant = withLabels({ [INJECTED_LABEL]: 'disabled' });
    expect(admit(meant, namespace(), catalogue).decision.notices).toMatchObject([{ code: 'unknown-label' }]);
  });

  it('stays when the API server asks again, and follows a container that was added', () => {
    const once = admit(pod(), namespace(), two).pod;
    const late = { ...once, spec: { ...once.spec, containers: [...once.spec.containers, container('late')] } } as Pod;
    const { operations, pod: after } = admit(late, namespace(), two);
    expect(operations.some(({ path }) => path.startsWith('/spec/'))).toBe(true);
    expect(operations.filter(({ path }) => path.includes('labels'))).toEqual([]);
    expect(labelsOf(after)[INJECTED_LABEL]).toBe('multiple');
  });

  it('of the pod template stays, since the selector of a ReplicaSet may have it', () => {
    const given = withLabels({ app: 'web', [INJECTED_LABEL]: 'canary' });
    const { decision, pod: after } = admit(given, namespace(), catalogue);
    expect(decision.outcome).toBe('injected');
    expect(labelsOf(after)).toEqual(labelsOf(given));
    expect(admit(after, namespace(), catalogue).operations).toEqual([]);
  });

  it('follows a second agent that a later pass adds', () => {
    const once = admit(pod(), namespace({ profile: 'one' }), two).pod;
    expect(labelsOf(once)[INJECTED_LABEL]).toBe('one');
    expect(labelIn(once, two, namespace({ profile: 'one,two' }))).toBe('multiple');
  });

  it('is left out by the option, and nothing else changes', () => {
    const { pod: after, operations } = admit(pod(), namespace(), { ...catalogue, podLabel: false });
    const usual = admit(pod(), namespace(), catalogue).operations.filter(({ path }) => path !== '/metadata/labels');
    expect(labelsOf(after)).toEqual({});
    expect(operations).toEqual(usual);
  });
});

describe('the verification of a patched pod', () => {
  const permitted = {
    changes: new Map(),
    omitsSeccomp: false,
    envFrom: () => () => 'absent' as const,
    imageValue: () => () => undefined,
  };
  const given = withLabels({ app: 'web' });

  it.each([
    ['the label of injected pods', { app: 'web', [INJECTED_LABEL]: 'jennifer-dotnet' }, true],
    ['another label', { app: 'web', other: 'x' }, false],
    ['another label of ours', { app: 'web', 'agent-injector.io/injection': 'disabled' }, false],
    ['a changed label', { app: 'changed' }, false],
    ['a label that is gone', {}, false],
    ['a value that the API server refuses', { app: 'web', [INJECTED_LABEL]: 'Not A Name!' }, false],
  ])('%s', (_, labels, isAllowed) => {
    const after = { ...given, metadata: { ...given.metadata, labels } };
    const rule = brokenRule(given, after, permitted);
    expect(rule === undefined, rule).toBe(isAllowed);
  });
});
