import { describe, expect, it } from 'vitest';
import { podsSince, restartedByUs, withCrashes } from '../../../src/diagnostics/rollout/crashes.ts';
import { restartPatch } from '../../../src/cli/rollout/restart.ts';
import type { Pod } from '../../../src/kubernetes/pod.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { pod } from '../../support/fixtures.ts';

const NOW = '2026-11-30T10:00:00Z';
const BEFORE = '2026-11-29T10:00:00Z';
const OF_KUBECTL = 'kubectl.kubernetes.io/restartedAt';

/** As the API server merges it. */
function merged(one: JsonObject, other: JsonObject): JsonObject {
  const fields = Object.entries(other).map(([name, value]) => {
    const before = one[name];
    const isBoth = typeof before === 'object' && typeof value === 'object' && before !== null && value !== null;
    return [name, isBoth ? merged(before as JsonObject, value as JsonObject) : value];
  });
  return { ...one, ...(Object.fromEntries(fields) as JsonObject) };
}

describe('a restart', () => {
  const before = { metadata: { resourceVersion: '7', annotations: { a: 'b' } }, spec: { template: { metadata: {} } } };

  it.each(['Deployment', 'Rollout'])('of a %s is known as ours, until another one follows', (kind) => {
    expect(restartedByUs(before)).toBeUndefined();
    const ours = merged(before, restartPatch(kind, before, NOW));
    expect(restartedByUs(ours)).toBe(NOW);
    const spec =
      kind === 'Rollout'
        ? { restartAt: BEFORE }
        : { template: { metadata: { annotations: { [OF_KUBECTL]: BEFORE } } } };
    expect(restartedByUs(merged(ours, { spec }))).toBeUndefined();
  });

  it('applies only to the object that was read', () => {
    expect(restartPatch('Deployment', before, NOW)).toMatchObject({ metadata: { resourceVersion: '7' } });
  });
});

const created = (at: string, annotations: Record<string, string> = {}, status: JsonObject = {}): Pod => ({
  ...pod(),
  metadata: { name: 'web', creationTimestamp: at, annotations },
  status,
});
const crashing = { containerStatuses: [{ name: 'app', state: { waiting: { reason: 'CrashLoopBackOff' } } }] };

describe('the new pods', () => {
  it('are those of the template of the restart, whatever the clocks say', () => {
    const all = [created(NOW, { [OF_KUBECTL]: BEFORE }), created(BEFORE, { [OF_KUBECTL]: NOW })];
    expect(podsSince(NOW, all)).toEqual([all[1]]);
  });

  it('are those created since, where the template does not say', () => {
    const all = [created(NOW), created(BEFORE)];
    expect(podsSince(NOW, all)).toEqual([all[0]]);
  });

  it('are those of the newest revision, if the template has changed since', () => {
    const of = (at: string, hash: string): Pod => {
      const one = created(at, { [OF_KUBECTL]: NOW });
      return { ...one, metadata: { ...one.metadata, labels: { 'pod-template-hash': hash } } };
    };
    const all = [of(BEFORE, 'a'), of(NOW, 'b')];
    expect(podsSince(NOW, all)).toEqual([all[1]]);
  });

  it('fail the rollout if one of them fails, also where it looks complete', () => {
    const good = created(NOW);
    const bad = created(NOW, {}, crashing);
    for (const kind of ['complete', 'progressing'] as const) {
      expect(withCrashes({ kind, what: '' }, [good]).kind).toBe(kind);
      expect(withCrashes({ kind, what: '' }, [good, bad])).toMatchObject({ kind: 'failed' });
    }
    const ending = { ...bad, metadata: { ...bad.metadata, deletionTimestamp: NOW } };
    expect(withCrashes({ kind: 'complete' }, [ending]).kind).toBe('complete');
  });
});
