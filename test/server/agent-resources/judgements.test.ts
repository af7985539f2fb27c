import { expect, it } from 'vitest';
import type { StoredTarget } from '../../../src/cluster/caches/targets.ts';
import type { StoredResource } from '../../../src/cluster/resources/status-watch.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { builtInCatalogue } from '../../../src/profile-sources/builtin.ts';
import type { ProfileState } from '../../../src/profile-sources/resource-profiles.ts';
import { profileHash } from '../../../src/profiles/fingerprint.ts';
import { renderStatus } from '../../../src/resources/status.ts';
import { type Judgements, statusSources } from '../../../src/server/agent-resources/judgements.ts';
import { accepted, target } from '../../support/targets.ts';

const catalogue = builtInCatalogue();

const resource = (kind: StoredResource['kind'], name: string, namespace?: string, uid = 'u'): StoredResource => ({
  kind,
  apiVersion: 'agent-injector.io/v1alpha1',
  name,
  ...(namespace !== undefined && { namespace }),
  uid,
  generation: 1,
  status: {},
});

const stored = (object: JsonObject, problems: readonly string[] = []): StoredTarget => ({
  uid: 'u',
  generation: 1,
  target: accepted(object),
  problems,
});

const empty: Judgements = {
  catalogue: () => catalogue,
  profiles: () => new Map(),
  targets: () => new Map(),
  clusterTargets: () => new Map(),
};

/** The status that a resource gets; undefined if nothing is said of it. */
async function statusOf(judgements: Partial<Judgements>, of: StoredResource): Promise<object | undefined> {
  const source = statusSources({ ...empty, ...judgements }).find(({ kind }) => kind === of.kind);
  const report = (await source?.reports())?.(of);
  if (!report) return undefined;
  const { conditions, ...fields } = renderStatus({}, report, 'now');
  return { ...fields, ...Object.fromEntries(conditions.map(({ type, reason }) => [type, reason])) };
}

it('a profile is described with the vendor and the hash that is in service', async () => {
  const profile = catalogue.profiles.get('jennifer-dotnet');
  const hash = profile && profileHash(profile);
  const state: ProfileState = { uid: 'u', generation: 3, accepted: 'yes', problems: [], hash };
  const profiles = new Map([['jennifer-dotnet', state]]);
  expect(await statusOf({ profiles: () => profiles }, resource('AgentProfile', 'jennifer-dotnet'))).toEqual({
    observedGeneration: 3,
    vendor: profile?.vendor,
    hash,
    Accepted: 'Valid',
    Ready: 'InService',
  });
});

it('nothing is said of an object that was created again and not read yet, nor of one that is not known', async () => {
  const state: ProfileState = { uid: 'before', generation: 3, accepted: 'yes', problems: [], hash: undefined };
  const profiles = new Map([['acme', state]]);
  expect(await statusOf({ profiles: () => profiles }, resource('AgentProfile', 'acme'))).toBeUndefined();
  expect(await statusOf({}, resource('AgentTarget', 'web', 'shop'))).toBeUndefined();
});

it('a target is in conflict with those before it, and its profiles must exist', async () => {
  const targets = new Map([
    ['shop/all', stored(target('all', { profile: 'jennifer-dotnet' }))],
    ['shop/web', stored(target('web', { profile: 'nothing', podSelector: { matchLabels: { app: 'web' } } }))],
    ['bank/none', stored(target('none', { profile: 'none' }, { namespace: 'bank' }))],
  ]);
  const of = (name: string, namespace: string): Promise<object | undefined> =>
    statusOf({ targets: () => targets }, resource('AgentTarget', name, namespace));
  expect(await of('all', 'shop')).toMatchObject({ Accepted: 'Valid', Conflict: 'OtherTargetFirst' });
  expect(await of('web', 'shop')).toMatchObject({ Accepted: 'UnknownProfile', Conflict: 'NoConflict' });
  expect(await of('none', 'bank')).toMatchObject({ Accepted: 'Valid', Conflict: 'NoConflict' });
});

it('the report is the same object until something changes, so that a pass over thousands costs little', async () => {
  const targets = new Map([['shop/all', stored(target('all', { profile: 'jennifer-dotnet' }))]]);
  const source = statusSources({ ...empty, targets: () => targets })[1];
  const of = resource('AgentTarget', 'all', 'shop');
  const first = (await source?.reports())?.(of);
  expect(first).toBeDefined();
  expect((await source?.reports())?.(of)).toBe(first);
  targets.set('shop/web', stored(target('web', { profile: 'acme', podSelector: { matchLabels: { app: 'web' } } })));
  expect((await source?.reports())?.(of)).not.toBe(first);
});
