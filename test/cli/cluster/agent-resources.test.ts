import { describe, expect, it } from 'vitest';
import { readTargets, unreadResources, withProfileResources } from '../../../src/cli/cluster/agent-resources.ts';
import type { ApiResponse, KubeClient } from '../../../src/cluster/client/types.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { catalogue, profileDocument } from '../../support/fixtures.ts';
import { readingClient } from '../../support/reading-client.ts';
import { clusterTarget, target } from '../../support/targets.ts';

const GROUP = '/apis/agent-injector.io/v1alpha1';
const ALL = ['agentprofiles', 'agenttargets', 'clusteragenttargets'];
const base = { catalogue, own: new Map<never, never>() };

const failed = (status: number): ApiResponse => ({ kind: 'http', status, reason: '', message: 'no', retryAfterMs: 0 });
const listOf = (items: readonly object[]): ApiResponse => ({
  kind: 'ok',
  body: { kind: 'List', metadata: { resourceVersion: '1' }, items: items as readonly JsonObject[] },
});

/** A cluster with these objects by path; other lists may not be read. Counts the requests. */
function clusterWith(
  lists: Readonly<Record<string, readonly object[]>>,
  installed: readonly string[] = ALL,
): { client: KubeClient; asked: string[] } {
  const asked: string[] = [];
  const client = readingClient((path) => {
    asked.push(path);
    if (path === GROUP)
      return installed.length === 0
        ? failed(404)
        : { kind: 'ok', body: { resources: installed.map((name) => ({ name })) } };
    const items = lists[path.slice(GROUP.length + 1)];
    return items ? listOf(items) : failed(403);
  });
  return { client, asked };
}

const shop = target('t', { profile: 'jennifer-java' });

const names = async (
  { client }: { client: KubeClient },
  ...namespaces: readonly string[]
): Promise<readonly string[]> => {
  const { targets: of } = await readTargets(client, namespaces);
  return namespaces.flatMap((namespace) => (of(namespace)?.all({}, {}) ?? []).map(({ name }) => name));
};

describe('targets', () => {
  it('are read once, however many pages of pods ask for them', async () => {
    const cluster = clusterWith({
      agenttargets: [shop],
      clusteragenttargets: [clusterTarget('c', { profile: 'none' })],
    });
    expect(await names(cluster, 'shop')).toEqual(['shop/t', 'c']);
    expect(await names(cluster, 'shop', 'blog')).toEqual(['shop/t', 'c', 'c']);
    expect(cluster.asked).toHaveLength(3);
    expect(unreadResources(cluster.client)).toEqual([]);
  });

  it('are read in one namespace by a user who may not read all, who is told what is unknown', async () => {
    const cluster = clusterWith({ 'namespaces/shop/agenttargets': [shop] });
    expect(await names(cluster, 'shop')).toEqual(['shop/t']);
    expect((await readTargets(cluster.client, ['shop'])).hasUnreadTargets).toBe(true);
    expect(unreadResources(cluster.client).join()).toMatch(/may not read ClusterAgentTargets: /);
    expect(await names(cluster, 'blog')).toEqual([]);
    expect(unreadResources(cluster.client).join()).toMatch(
      /may not read AgentTargets, ClusterAgentTargets: .*agent-injector-view/,
    );
  });

  it('that are not valid are named', async () => {
    const cluster = clusterWith({ agenttargets: [target('odd', {})], clusteragenttargets: [] });
    expect(await names(cluster, 'shop')).toEqual([]);
    expect(unreadResources(cluster.client).join()).toContain('AgentTarget shop/odd');
  });

  it('are not asked for without their CRDs: who may not list them would be told so', async () => {
    const cluster = clusterWith({}, []);
    expect(await names(cluster, 'shop')).toEqual([]);
    expect(await withProfileResources(cluster.client, base)).toEqual({ catalogue, problems: [] });
    expect([cluster.asked, unreadResources(cluster.client)]).toEqual([[GROUP], []]);
  });
});

describe('AgentProfiles', () => {
  it('are added to the profiles of the server', async () => {
    const { client } = clusterWith({ agentprofiles: [profileDocument({}, 'acme')] });
    const { catalogue: known, problems } = await withProfileResources(client, base);
    expect([known.profiles.size, [...known.own], problems]).toEqual([catalogue.profiles.size + 1, ['acme'], []]);
  });

  it('that are not valid are a problem', async () => {
    const { client } = clusterWith({ agentprofiles: [profileDocument({ vendor: 7 }, 'acme')] });
    const { catalogue: known, problems } = await withProfileResources(client, base);
    expect(known.profiles.size).toBe(catalogue.profiles.size);
    expect(problems).toHaveLength(1);
  });

  it('that may not be read are unread, which is said in one short sentence', async () => {
    const { client } = clusterWith({});
    const { catalogue: known, problems } = await withProfileResources(client, base);
    expect([known.unread, problems]).toEqual([['profiles'], []]);
    const [note = ''] = unreadResources(client);
    expect(note).toContain('AgentProfiles');
    expect(note).not.toContain('403');
  });
});
