import { describe, expect, it } from 'vitest';
import { admit } from '../../../src/admission/admit.ts';
import { Audit, type AuditReport } from '../../../src/diagnostics/audit.ts';
import { compareAdmissions } from '../../../src/diagnostics/decision-comparison.ts';
import { WorkloadStatuses } from '../../../src/diagnostics/workload-status.ts';
import { unknownCluster } from '../../../src/kubernetes/cluster-state.ts';
import type { Pod } from '../../../src/kubernetes/pod.ts';
import { type Catalogue, type UnreadPart, withUnread } from '../../../src/profiles/catalogue.ts';
import { catalogue, namespace, pod } from '../../support/fixtures.ts';

// What a command says with the rights of a user who may not read everything on which decisions depend: it is not known, and nothing is to be done for it.

const shop = namespace({ 'domain-id': '7' });
const asksFor = (profile: string, one: Pod = pod()): Pod => ({
  ...one,
  metadata: { ...one.metadata, annotations: { 'agent-injector.io/profile': profile } },
});
const carrying = admit(pod(), shop, catalogue).pod;
const unreadTargets = { ...unknownCluster, hasUnreadTargets: true };

function auditWith(known: Catalogue, one: Pod, cluster = unknownCluster): AuditReport {
  const audit = new Audit({
    catalogueOf: () => known,
    namespaces: new Map([[shop.name, shop]]),
    claims: undefined,
  });
  audit.add(one, shop.name, cluster);
  return audit.report();
}

const recorded = carrying.metadata?.annotations?.['agent-injector.io/status'] ?? '';
/** It seems to carry an earlier version of its profile. */
const outdated: Pod = {
  ...carrying,
  metadata: {
    ...carrying.metadata,
    annotations: { 'agent-injector.io/status': recorded.replace(/"hash":"[0-9a-f]{8}"/, '"hash":"00000000"') },
  },
};

const lacking = (...parts: readonly UnreadPart[]): Catalogue => withUnread(catalogue, ...parts);

const rows: readonly [name: string, Catalogue, typeof unknownCluster][] = [
  ['the settings', lacking('settings'), unknownCluster],
  ['the AgentProfiles', lacking('profiles'), unknownCluster],
  ['targets', catalogue, unreadTargets],
];

describe.each(rows)('without %s', (_, known, cluster) => {
  it('audit has no finding to act on, neither for a pod without an agent nor for one that seems outdated', () => {
    const { findings, undecided } = auditWith(known, pod(), cluster);
    expect(findings).toMatchObject([{ kind: 'undecided' }]);
    expect(findings[0]?.fix).toBeUndefined();
    expect(undecided).toBe(1);
    const ofOutdated = auditWith(known, outdated, cluster);
    expect(ofOutdated).toMatchObject({ findings: [], undecided: 1, carrying: 1 });
  });

  it('status counts no gap and recommends no restart', () => {
    const statuses = new WorkloadStatuses();
    for (const one of [pod(), outdated]) statuses.add({ pod: one, namespace: shop, catalogue: known, cluster });
    expect(statuses.hasGuesses).toBe(true);
    const [status] = statuses.list();
    expect(status).toMatchObject({ missing: 0, outdated: 0, leftover: 0, whyNot: [{ code: 'not-known' }] });
    expect(status?.fix).toBeUndefined();
  });

  it('a comparison is not known, and a pod that opts out is', () => {
    const compare = (one: Pod) => {
      const admission = admit(one, shop, known, cluster);
      return compareAdmissions(admission, admission, [{ catalogue: known, cluster }]).verdict;
    };
    expect(compare(pod())).toBe('undecided');
    const optedOut = { ...pod(), metadata: { annotations: { 'agent-injector.io/inject': 'false' } } };
    expect(compare(optedOut)).toBe('same');
    expect(auditWith(known, optedOut, cluster)).toMatchObject({ findings: [], undecided: 0 });
  });
});

it('a profile that is not there may be in files that could not be read, and other decisions are known', () => {
  const known = lacking('files');
  expect(auditWith(known, asksFor('our-java'))).toMatchObject({ findings: [{ kind: 'undecided' }], undecided: 1 });
  expect(auditWith(known, pod())).toMatchObject({ findings: [{ kind: 'expected-not-injected' }], undecided: 0 });
  expect(auditWith(catalogue, asksFor('our-java'))).toMatchObject({ findings: [{ kind: 'cannot-be-injected' }] });
});

it('with all of it read, the same pods are findings', () => {
  expect(auditWith(catalogue, pod()).findings).toMatchObject([{ kind: 'expected-not-injected' }]);
  expect(auditWith(catalogue, outdated).findings).toMatchObject([{ kind: 'outdated' }]);
});

it('of a profile that is gone, a pod is outdated only if all profiles are known', () => {
  const gone = { ...catalogue, profiles: new Map() };
  expect(auditWith(gone, carrying)).toMatchObject({ findings: [{ kind: 'outdated' }], undecided: 0 });
  expect(auditWith(withUnread(gone, 'files'), carrying)).toMatchObject({ findings: [], undecided: 1 });
});
