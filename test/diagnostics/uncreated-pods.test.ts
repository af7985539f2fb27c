import { describe, expect, it } from 'vitest';
import { uncreatedByEvent, uncreatedByReplicaSet } from '../../src/diagnostics/uncreated-pods.ts';
import type { JsonObject } from '../../src/lib/json.ts';

const message = `pods "web-5d4f-" is forbidden: ValidatingAdmissionPolicy 'volumes' denied request: image is not a volume type`;
const expected = {
  namespace: 'shop',
  message: expect.stringMatching(/^pod is forbidden: .*image is not a volume type$/),
};

const replicaSet = (conditions: readonly JsonObject[], owners: readonly JsonObject[] = []): JsonObject => ({
  metadata: { name: 'web-5d4f', namespace: 'shop', ownerReferences: [...owners] },
  status: { conditions: [...conditions] },
});
const failed = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message };

describe('a workload without pods', () => {
  it('is named by the owner of its ReplicaSet, with what the API server says', () => {
    const owner = { kind: 'Deployment', name: 'web', controller: true };
    expect(uncreatedByReplicaSet(replicaSet([failed], [owner]))).toEqual({ ...expected, workload: 'Deployment/web' });
    expect(uncreatedByReplicaSet(replicaSet([failed]))).toEqual({ ...expected, workload: 'ReplicaSet/web-5d4f' });
  });

  it.each([
    ['no condition', []],
    ['a failure that is over', [{ ...failed, status: 'False' }]],
    ['a failure to delete', [{ ...failed, reason: 'FailedDelete' }]],
  ])('is not one with %s', (_, conditions) => {
    expect(uncreatedByReplicaSet(replicaSet(conditions))).toBeUndefined();
  });

  it('does not show the secret in the path of the webhook, which the API server names when a call fails', () => {
    const secret = 'a'.repeat(32);
    const call = {
      ...failed,
      message: `failed calling webhook: Post "https://a.b.svc:443/mutate/required/${secret}?timeout=5s": EOF`,
    };
    expect(uncreatedByReplicaSet(replicaSet([call]))?.message).toContain('/mutate/required/…');
    expect(JSON.stringify(uncreatedByReplicaSet(replicaSet([call])))).not.toContain(secret);
  });

  it('is named by an Event of another controller', () => {
    const event = (kind: string, reason = 'FailedCreate'): JsonObject => ({
      reason,
      message,
      involvedObject: { kind, name: 'db', namespace: 'shop' },
    });
    expect(uncreatedByEvent(event('StatefulSet'))).toEqual({ ...expected, workload: 'StatefulSet/db' });
    expect(uncreatedByEvent(event('ReplicaSet'))).toBeUndefined();
    expect(uncreatedByEvent(event('StatefulSet', 'SuccessfulCreate'))).toBeUndefined();
  });

  it('has the reason if agent-injector refused them', () => {
    const denied =
      'admission webhook "required-namespaces.agent-injector.io" denied the request: agent-injector: injection is required for this pod but not possible: x is not set (missing-parameter). Set it.';
    expect(uncreatedByReplicaSet(replicaSet([{ ...failed, message: denied }]))).toMatchObject({
      reason: 'missing-parameter',
    });
    // Another webhook may say anything.
    const other = denied.replace('.agent-injector.io"', '.example.com"');
    expect(uncreatedByReplicaSet(replicaSet([{ ...failed, message: other }]))).not.toHaveProperty('reason');
  });

  it('counts once, however often the name of the pod differs', () => {
    const one = uncreatedByReplicaSet(replicaSet([failed]));
    const other = uncreatedByReplicaSet(replicaSet([{ ...failed, message: message.replace('5d4f-', '5d4f-x') }]));
    expect(one).toEqual(other);
  });
});
