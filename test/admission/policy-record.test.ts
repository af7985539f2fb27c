import { describe, expect, it } from 'vitest';
import { admit } from '../../src/admission/admit.ts';
import { STATUS_ANNOTATION } from '../../src/api/keys.ts';
import { checkRecord } from '../../src/diagnostics/audit-pod.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import { catalogue, container, namespace, pod, reasonOf } from '../support/fixtures.ts';

const shop = namespace({ 'domain-id': '7' });

const withRecord = (one: Pod, record: string): Pod => ({
  ...one,
  metadata: { ...one.metadata, annotations: { ...one.metadata?.annotations, [STATUS_ANNOTATION]: record } },
});

const byWebhook = admit(pod([container('web')]), shop, catalogue).pod;
const record = (byWebhook.metadata?.annotations?.[STATUS_ANNOTATION] ?? '').replace(
  '"decision":"injected",',
  '"decision":"injected","by":"policy",',
);
/** As a policy would have injected it. */
const byPolicy = withRecord(byWebhook, record);

describe('a pod that a policy has injected', () => {
  it('stays as it is, with a reason and without a warning', () => {
    const { decision, operations } = admit(byPolicy, shop, catalogue);
    expect(decision).toMatchObject({
      outcome: 'skipped',
      reason: { code: 'injected-by-policy', profile: 'jennifer-dotnet' },
    });
    expect(decision.pass).toBeUndefined();
    expect(operations).toEqual([]);
  });

  it('stays as it is where the webhook would choose another agent, and where one is required', () => {
    const other = namespace({ profile: 'jennifer-java', 'server-address': 'x' });
    expect(admit(byPolicy, other, catalogue).operations).toEqual([]);
    const required = admit(byPolicy, namespace({ 'domain-id': '7' }, 'required'), catalogue);
    expect(required.decision.outcome).toBe('skipped');
    expect(required.operations).toEqual([]);
  });

  it('is read by commands like one of the webhook', () => {
    const checked = checkRecord({ pod: byPolicy, catalogue });
    expect(checked.unproven).toEqual([]);
    expect(checked.injected).toMatchObject([{ container: 'web', profile: 'jennifer-dotnet' }]);
  });
});

describe('a record that names a policy', () => {
  it.each([
    ['that the pod does not bear out', withRecord(pod([container('web')]), record)],
    ['with something else in it', withRecord(byWebhook, record.replace('{', '{"x":1,'))],
    ['of something that is no policy', withRecord(byWebhook, record.replace('"policy"', '"pod"'))],
  ])('does not count: one %s', (_, one) => {
    expect(reasonOf(admit(one, shop, catalogue))?.code).not.toBe('injected-by-policy');
  });

  it('is no way out of a required injection', () => {
    const { decision } = admit(withRecord(pod([container('web')]), record), namespace({}, 'required'), catalogue);
    expect(decision.outcome).toBe('injected');
  });
});
