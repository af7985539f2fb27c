import { describe, expect, it } from 'vitest';
import { withInstalledDefaults } from '../../src/cli/installed-defaults.ts';
import type { ApiResponse, KubeClient } from '../../src/cluster/client/types.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { STRICT } from '../../src/profiles/tenancy/policy.ts';
import { catalogue } from '../support/fixtures.ts';

/** A client of a cluster whose server has this configuration file. */
function clientWith(file: string): KubeClient {
  const answer: ApiResponse = { kind: 'ok', body: { data: { 'agent-injector.yaml': file } } };
  const unused = (): never => {
    throw new Error('only a ConfigMap is read');
  };
  return {
    server: 'https://fake',
    getJson: async () => answer,
    getItems: unused,
    sendJson: unused,
    watchLines: unused,
  };
}

const configurations: readonly JsonObject[] = [
  {
    metadata: { name: 'agent-injector' },
    webhooks: [
      {
        name: 'enabled.agent-injector.io',
        clientConfig: { service: { namespace: 'apm', name: 'agent-injector', path: '/mutate' } },
      },
    ],
  },
];

const installed = (file: string) => withInstalledDefaults(clientWith(file), configurations, catalogue);

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
