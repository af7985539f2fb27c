import { describe, expect, it } from 'vitest';
import { admit } from '../../src/admission/admit.ts';
import { installedCatalogues } from '../../src/cli/installed-defaults.ts';
import type { ApiResponse, KubeClient } from '../../src/cluster/client/types.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { STRICT } from '../../src/profiles/tenancy/policy.ts';
import { catalogue, namespace, pod } from '../support/fixtures.ts';

/** A client of a cluster whose servers have these configuration files, by the namespace of each. */
function clientWith(files: Readonly<Record<string, string>>): KubeClient {
  const unused = (): never => {
    throw new Error('only ConfigMaps are read');
  };
  return {
    server: 'https://fake',
    getJson: async (path): Promise<ApiResponse> => {
      const [, within = ''] = /^\/api\/v1\/namespaces\/([^/]+)\/configmaps\/agent-injector$/.exec(path) ?? [];
      const file = files[within];
      return file === undefined
        ? { kind: 'http', status: 403, reason: 'Forbidden', message: 'no', retryAfterMs: 0 }
        : { kind: 'ok', body: { data: { 'agent-injector.yaml': file } } };
    },
    getItems: unused,
    sendJson: unused,
    watchLines: unused,
  };
}

function configurationIn(within: string, revision?: string): JsonObject {
  const key = 'agent-injector.io/revision';
  return {
    metadata: { name: within },
    webhooks: [
      {
        name: 'enabled.agent-injector.io',
        clientConfig: { service: { namespace: within, name: 'agent-injector', path: '/mutate' } },
        rules: [{ apiGroups: [''], resources: ['pods'], operations: ['CREATE'] }],
        namespaceSelector: {
          matchExpressions: [
            revision === undefined ? { key, operator: 'DoesNotExist' } : { key, operator: 'In', values: [revision] },
          ],
        },
      },
    ],
  };
}

const labelled = (revision?: string) => ({
  name: 'shop',
  labels: revision === undefined ? {} : { 'agent-injector.io/revision': revision },
});

const installed = async (file: string) =>
  (await installedCatalogues(clientWith({ apm: file }), [configurationIn('apm')], catalogue))(labelled());

describe('the configuration of the installed server', () => {
  it('gives its tenancy with its defaults', async () => {
    const { catalogue: known, from } = await installed(
      'tenancy: open\nallowedProfiles: newrelic-*\nbuiltInProfiles: true\nsettableBy: address=cluster\ndefaults: {cluster-name: east}\n',
    );
    expect(from).toBe('ConfigMap apm/agent-injector');
    expect(known.tenancy).toEqual({
      mode: 'open',
      allowedProfiles: ['newrelic-*'],
      builtInProfiles: true,
      settableBy: new Map([['address', ['cluster']]]),
    });
    expect(known.defaults.get('cluster-name')).toBe('east');
    // The built-in default of `profile` is not allowed there.
    expect(known.defaults.has('profile')).toBe(false);
  });

  it('is strict without the settings', async () => {
    expect((await installed('defaults: {}\n')).catalogue.tenancy).toEqual(STRICT);
  });

  it('is left out if it is not valid', async () => {
    for (const file of [
      'tenancy: lax\ndefaults: {}\n',
      'allowedProfiles: jennifer-*\ndefaults: {profile: newrelic-java}\n',
    ])
      expect(await installed(file)).toEqual({ catalogue, from: undefined });
  });
});

describe('the configurations of several releases', () => {
  const both = [configurationIn('stable'), configurationIn('next', 'canary')];
  const files = { stable: 'defaults: {domain-id: 1}', next: 'revision: canary\ndefaults: {domain-id: 2}' };
  const found = async (revision?: string, readable: Readonly<Record<string, string>> = files) =>
    (await installedCatalogues(clientWith(readable), both, catalogue))(labelled(revision)).catalogue;

  it('each count in the namespaces that the release serves', async () => {
    expect((await found()).defaults.get('domain-id')).toBe('1');
    expect((await found()).revision).toBeUndefined();
    expect((await found('canary')).defaults.get('domain-id')).toBe('2');
    expect((await found('canary')).revision).toBe('canary');
  });

  it('leave the revision known where they cannot be read', async () => {
    expect((await found('canary', {})).revision).toBe('canary');
  });

  it('are those of the first release where none serves the namespace', async () => {
    const known = await found('other');
    expect(known.defaults.get('domain-id')).toBe('1');
    const labels = { ...namespace().labels, 'agent-injector.io/revision': 'other' };
    const { decision } = admit(pod(), { ...namespace(), labels }, known);
    expect(decision).toMatchObject({ outcome: 'skipped', reason: { code: 'other-revision', label: 'other' } });
  });
});
