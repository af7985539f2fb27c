import { describe, expect, it } from 'vitest';
import { admit } from '../../src/admission/admit.ts';
import { readSwitch } from '../../src/api/injection-switch.ts';
import { type WorkloadStatus, WorkloadStatuses } from '../../src/diagnostics/workload-status.ts';
import type { VerdictCode } from '../../src/diagnostics/liveness/verdict-code.ts';
import { unknownCluster } from '../../src/kubernetes/cluster-state.ts';
import type { Namespace } from '../../src/kubernetes/namespace.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import { type Catalogue, withSwitch } from '../../src/profiles/catalogue.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { breakerCase, NOW, states as observed } from '../support/observed.ts';
import { catalogue, catalogueOf, namespace, pod, profileDocument } from '../support/fixtures.ts';

// What became of pods: the table of cases in which a first line must be true.

const shop = namespace();
let count = 0;

function ofDeployment(one: Pod, name = 'web'): Pod {
  const ownerReferences = [{ kind: 'ReplicaSet', name: `${name}-5d4f`, controller: true }];
  const labels = { ...one.metadata?.labels, 'pod-template-hash': '5d4f' };
  return { ...one, metadata: { ...one.metadata, name: `${name}-5d4f-${(count += 1)}`, labels, ownerReferences } };
}

const created = (within: Namespace = shop, known: Catalogue = catalogue): Pod =>
  ofDeployment(admit(pod(), within, known).pod);
const untouched = (): Pod => ofDeployment(pod());

function statuses(pods: readonly Pod[], within: Namespace = shop, known: Catalogue = catalogue): WorkloadStatuses {
  const all = new WorkloadStatuses();
  for (const one of pods) all.add({ pod: one, namespace: within, catalogue: known, cluster: unknownCluster });
  return all;
}

function statusOf(...given: Parameters<typeof statuses>): WorkloadStatus | undefined {
  const [one, ...others] = statuses(...given).list();
  expect(others).toEqual([]);
  return one;
}

const restart = 'kubectl -n shop rollout restart deployment/web';

describe('the status of a workload', () => {
  it('with the agent in all pods needs nothing', () => {
    const status = statusOf([created(), created()]);
    expect(status).toMatchObject({ workload: 'Deployment/web', pods: 2, injected: 2, outdated: 0, whyNot: [] });
    expect(status?.profiles).toEqual([expect.stringMatching(/^jennifer-dotnet@[0-9a-f]{8}$/)]);
    expect(status?.deliveries).toEqual(['persistentVolumeClaim']);
    expect(status).not.toHaveProperty('fix');
  });

  it('says why a pod has none: by its record where there is one, and by what would be decided now', () => {
    const off = withSwitch(catalogue, readSwitch({ injection: 'off' }, 'ConfigMap a/b'));
    const status = statusOf([created(), created(shop, off), untouched()]);
    expect(status).toMatchObject({ pods: 3, injected: 1, fix: restart });
    expect(status?.whyNot).toEqual([
      { code: 'suspended', pods: 1, from: 'record' },
      { code: 'not-asked', pods: 1, from: 'now' },
    ]);
  });

  it('advises no restart that would bring no agent', () => {
    const status = statusOf([created(namespace({ profile: 'nowhere' }))], namespace({ profile: 'nowhere' }));
    expect(status).toMatchObject({ injected: 0, whyNot: [{ code: 'unknown-profile', from: 'record' }] });
    expect(status).not.toHaveProperty('fix');
    const off = withSwitch(catalogue, readSwitch({ injection: 'off' }, 'ConfigMap a/b'));
    expect(statusOf([untouched()], shop, off)).not.toHaveProperty('fix');
  });

  it('counts pods with an earlier version, and not those whose profile is not known here', () => {
    const version = (value: string, name = 'agent'): Catalogue =>
      catalogueOf(profileDocument({ environment: [{ name: 'AGENT', value }] }, name));
    const old = created(shop, version('1'));
    expect(statusOf([old, created(shop, version('2'))], shop, version('2'))).toMatchObject({
      outdated: 1,
      fix: restart,
    });
    expect(statusOf([old], shop, version('1'))).toMatchObject({ outdated: 0 });
    const elsewhere = statuses([old], shop, version('1', 'other'));
    expect(elsewhere.list()).toMatchObject([{ injected: 1, outdated: 0 }]);
    expect(elsewhere.unknownProfiles()).toEqual(['agent']);
  });

  it('believes no record that the pod does not bear out, and no label', () => {
    const copied = ofDeployment({ ...pod(), metadata: created().metadata ?? {} });
    expect(statusOf([copied])).toMatchObject({ pods: 1, injected: 0 });
  });

  it('leaves out pods that have ended, and namespaces that never asked', () => {
    const ended = { ...created(), status: { phase: 'Succeeded' } };
    const off = { ...shop, labels: {} };
    expect(statuses([ended]).list()).toEqual([]);
    expect(statuses([untouched()], off).list()).toEqual([]);
    expect(statuses([created()], off).list()).toMatchObject([{ injected: 1 }]);
  });

  describe('what became of the pods with the agent', () => {
    const states = ([...all]: readonly (readonly [JsonObject, VerdictCode?])[]):
      | WorkloadStatus['states']
      | undefined => {
      const found = new WorkloadStatuses({ timeOf: Date.parse, now: NOW });
      const phase = { phase: 'Running' };
      for (const [container, seen] of all) {
        const status = { ...phase, containerStatuses: [{ name: 'app', ...container }] };
        const sources = { pod: { ...created(), status }, namespace: shop, catalogue, cluster: unknownCluster };
        found.add(sources, { seen });
      }
      return found.list()[0]?.states;
    };

    it('is what the kubelet says: no pod that only runs is alive', () =>
      expect(states([[observed.running()], [observed.running()], [observed.crashing()]])).toEqual({
        crashing: 1,
        running: 2,
      }));

    it('is alive only where a sign of life was seen, and a verdict that says nothing changes nothing', () => {
      expect(
        states([
          [observed.running(), 'alive'],
          [observed.running(), 'no-sign'],
        ]),
      ).toEqual({ 'no-sign': 1, alive: 1 });
      expect(
        states([
          [observed.running(), 'signs-unknown'],
          [observed.running(), 'not-readable'],
        ]),
      ).toEqual({ running: 2 });
      // It has crashed since it was looked into.
      expect(states([[observed.crashing(), 'alive']])).toEqual({ crashing: 1 });
    });

    it('is not the failure of a container that has run for long since', () =>
      expect(states([[observed.restarted(3600)], [observed.restarted(5)]])).toEqual({ crashing: 1, running: 1 }));
  });

  describe('the circuit breakers', () => {
    const [profile = '', hash = ''] = (statusOf([created()])?.profiles[0] ?? '').split('@');
    const own = breakerCase({ profiles: { [profile]: hash }, stops: false });
    const ofProfile = breakerCase({ namespace: '', workload: '', shown: '', profiles: { [profile]: hash } });

    it('are those of the workload and of what its pods carry', () => {
      const elsewhere = breakerCase({ workload: 'ReplicaSet/api' });
      const all = statuses([created()]).list(() => [own, ofProfile, elsewhere]);
      expect(all).toMatchObject([{ breakers: [own, ofProfile] }]);
    });

    it('are those of the profile that pods would carry but for a breaker', () => {
      const found = new WorkloadStatuses();
      const cluster = { ...unknownCluster, breakers: () => [ofProfile] };
      found.add({ pod: untouched(), namespace: shop, catalogue, cluster });
      const [status] = found.list(() => [ofProfile]);
      expect(status).toMatchObject({ injected: 0, whyNot: [{ code: 'breaker-open' }], breakers: [ofProfile] });
    });

    it('are absent where they could not be read, and empty where all are closed', () => {
      expect(statusOf([created()])).not.toHaveProperty('breakers');
      expect(statuses([created()]).list(() => [])).toMatchObject([{ breakers: [] }]);
    });
  });

  it('is in the order of names', () => {
    const bare = { ...pod(), metadata: { name: 'bare' } };
    const all = statuses([ofDeployment(pod(), 'zebra'), bare, ofDeployment(pod(), 'ant')]).list();
    expect(all.map(({ workload }) => workload)).toEqual(['Deployment/ant', 'Deployment/zebra', 'Pod/bare']);
  });
});
