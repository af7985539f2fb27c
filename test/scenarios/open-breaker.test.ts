import { describe, expect, it } from 'vitest';
import { type Admission, admitInContext } from '../../src/admission/admit.ts';
import { readStatus } from '../../src/api/status-annotation.ts';
import { type OpenBreaker, unknownCluster } from '../../src/kubernetes/cluster-state.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import { profileHash } from '../../src/profiles/fingerprint.ts';
import { PlanCache } from '../../src/webhook/plan-cache.ts';
import { catalogue, namespace, pod, reasonOf } from '../support/fixtures.ts';

// What a server does about an open circuit breaker, by the rules and from its caches.

const profile = catalogue.profiles.get('jennifer-dotnet');
if (!profile) throw new Error('no profile jennifer-dotnet');
const HASH = profileHash(profile);

const breaker = (given: Partial<OpenBreaker> = {}): OpenBreaker => ({
  workload: 'ReplicaSet/checkout',
  shown: 'Deployment/checkout',
  profiles: { 'jennifer-dotnet': HASH },
  why: '2 of 2 pods fail',
  ...given,
});

function podOf(workload: string): Pod {
  const one = pod();
  const ownerReferences = [{ kind: 'ReplicaSet', name: `${workload}-5d4f`, controller: true }];
  const labels = { 'pod-template-hash': '5d4f' };
  return { ...one, metadata: { ...one.metadata, generateName: `${workload}-5d4f-`, labels, ownerReferences } };
}

const plans = new PlanCache();

/** By the rules and as a server does that has decided about other pods before. */
function ask(workload: string, breakers: readonly OpenBreaker[] | undefined, known = catalogue): Admission {
  const cluster = { ...unknownCluster, breakers: () => breakers };
  const context = { pod: podOf(workload), namespace: namespace(), catalogue: known, cluster };
  const admission = admitInContext(context);
  for (const { decision, operations } of [plans.admit(context), plans.admit(context)])
    expect({ decision, operations }).toEqual({ decision: admission.decision, operations: admission.operations });
  return admission;
}

const outcome = (...given: Parameters<typeof ask>): string => ask(...given).decision.outcome;

describe('an open breaker', () => {
  it('of a workload: its pods start without the agent and say why; those of others get it', () => {
    expect(outcome('checkout', undefined)).toBe('injected');
    expect(outcome('shipping', undefined)).toBe('injected');
    const stopped = ask('checkout', [breaker()]);
    expect(reasonOf(stopped)).toMatchObject({ code: 'breaker-open', workload: 'Deployment/checkout' });
    expect(readStatus(stopped.pod)).toMatchObject({ decision: 'skipped', reason: 'breaker-open' });
    expect(outcome('shipping', [breaker()])).toBe('injected');
    expect(outcome('checkout', undefined)).toBe('injected');
  });

  it('of a profile: no pod gets it', () => {
    const all = [breaker({ workload: '', shown: '' })];
    expect(outcome('checkout', all)).toBe('skipped');
    expect(outcome('shipping', all)).toBe('skipped');
  });

  it('of another profile or of another version has no effect', () => {
    expect(outcome('checkout', [breaker({ profiles: { 'acme-java': HASH } })])).toBe('injected');
    expect(outcome('checkout', [breaker({ profiles: { 'jennifer-dotnet': 'ffffffff' } })])).toBe('injected');
  });

  it('refuses a required pod only with strictRequired', () => {
    const required = (strict: boolean): string => {
      const known = { ...catalogue, strictRequired: strict };
      const cluster = { ...unknownCluster, breakers: () => [breaker()] };
      const context = { pod: podOf('checkout'), namespace: namespace({}, 'required'), catalogue: known, cluster };
      return admitInContext(context).decision.outcome;
    };
    expect(required(false)).toBe('skipped');
    expect(required(true)).toBe('refused');
  });
});
