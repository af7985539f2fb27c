import { describe, expect, it } from 'vitest';
import { admit } from '../../src/admission/admit.ts';
import { eventMessages } from '../../src/admission/event-messages.ts';
import { encodeReview } from '../../src/admission/review.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import { catalogue, container, namespace, pod } from '../support/fixtures.ts';

const shop = namespace({ 'domain-id': '7' });
const decisionOn = (one: Pod) => admit(one, shop, catalogue).decision;
const response = (one: Pod) => {
  const { decision, operations } = admit(one, shop, catalogue);
  return encodeReview('uid', decision, operations)['response'];
};
const first = admit(pod([container('web')]), shop, catalogue).pod;
const withContainer = (one: Pod, name: string): Pod => ({
  ...one,
  spec: { ...one.spec, containers: [...one.spec.containers, container(name)] },
});

describe('a pass over a pod that an earlier one has injected', () => {
  it('tells nothing if it finds nothing new', () => {
    expect(decisionOn(first)).toMatchObject({ outcome: 'skipped', pass: 'repeated' });
    expect(response(first)).toEqual({ uid: 'uid', allowed: true });
    expect(eventMessages(decisionOn(first))).toEqual([]);
  });

  it('tells what is new under keys of its own', () => {
    const decision = decisionOn(withContainer(first, 'late'));
    expect(decision).toMatchObject({ outcome: 'injected', pass: 'later' });
    const keys = Object.keys((response(withContainer(first, 'late')) as { auditAnnotations: object }).auditAnnotations);
    expect(keys).toContain('again-decision');
    expect(keys.every((key) => key.startsWith('again-'))).toBe(true);
    expect(eventMessages(decision)).toMatchObject([{ reason: 'AgentInjected' }]);
  });
});

describe('a pass that tells everything', () => {
  const status = first.metadata?.annotations?.['agent-injector.io/status'] ?? '';
  it.each([
    ['over a pod without a record', pod([container('web')])],
    ['over a record that the pod does not prove', pod([container('web')], { status })],
    [
      'over a record of a reason that does not exist',
      pod([container('web')], { status: '{"decision":"skipped","reason":"x"}' }),
    ],
  ])('%s', (_, one) => {
    expect(decisionOn(one).pass).toBeUndefined();
    expect(Object.keys((response(one) as { auditAnnotations: object }).auditAnnotations)).toContain('decision');
  });

  it('over a record of a skipped injection has keys of its own, and leaves nothing out', () => {
    const one = pod([container('web')], { status: '{"decision":"skipped","reason":"no-target-container"}' });
    expect(decisionOn(one)).toMatchObject({ outcome: 'injected', pass: 'later' });
    expect((response(one) as { auditAnnotations: object }).auditAnnotations).toMatchObject({
      'again-decision': 'injected',
    });
  });
});
