import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { admit } from '../../src/admission/admit.ts';
import { installedSettings, serverSettings, type ServerSettings } from '../../src/cli/installed-settings.ts';
import type { ApiResponse, KubeClient } from '../../src/cluster/client/types.ts';
import { offlineInputs } from '../../src/config/catalogue.ts';
import { type DecisionOptions, decisionOptionNames } from '../../src/config/decision-options.ts';
import { defaultOptions } from '../../src/config/options.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { STRICT } from '../../src/profiles/tenancy/policy.ts';
import { catalogue, namespace, pod } from '../support/fixtures.ts';

/** A client of a cluster whose server has this configuration file, or whose servers have these, by their namespaces. */
function clientWith(files: string | Readonly<Record<string, string>>): KubeClient {
  const answer = (path: string): ApiResponse => {
    if (path.endsWith('-switch'))
      return { kind: 'http', status: 404, reason: 'NotFound', message: '', retryAfterMs: 0 };
    const [, within = ''] = /^\/api\/v1\/namespaces\/([^/]+)\/configmaps\/agent-injector$/.exec(path) ?? [];
    const file = typeof files === 'string' ? files : files[within];
    return file === undefined
      ? { kind: 'http', status: 403, reason: 'Forbidden', message: 'no', retryAfterMs: 0 }
      : { kind: 'ok', body: { data: { 'agent-injector.yaml': file } } };
  };
  const unused = (): never => {
    throw new Error('only a ConfigMap is read');
  };
  return {
    server: 'https://fake',
    getJson: async (path) => answer(path),
    getItems: unused,
    sendJson: unused,
    watchLines: unused,
  };
}

const REVISION = 'agent-injector.io/revision';

function configurationIn(within: string, revision?: string): JsonObject {
  const own = {
    key: REVISION,
    ...(revision === undefined ? { operator: 'DoesNotExist' } : { operator: 'In', values: [revision] }),
  };
  return {
    metadata: { name: within },
    webhooks: [
      {
        name: 'enabled.agent-injector.io',
        clientConfig: { service: { namespace: within, name: 'agent-injector', path: '/mutate' } },
        rules: [{ apiGroups: [''], resources: ['pods'], operations: ['CREATE'] }],
        namespaceSelector: { matchExpressions: [own] },
      },
    ],
  };
}

const configuration = configurationIn('apm');

const shop = (revision?: string) => ({
  ...namespace(),
  labels: { ...namespace().labels, ...(revision !== undefined && { [REVISION]: revision }) },
});

async function installed(file: string): Promise<ServerSettings> {
  const found = await installedSettings(clientWith(file), configuration, catalogue);
  if (!found) throw new Error('the configuration was not read');
  return found;
}

/** In the file, and as the server reads it: another value than the default of each option. */
const samples: { readonly [name in keyof DecisionOptions]-?: readonly [inFile: unknown, read: unknown] } = {
  kubernetes: ['1.35', '1.35'],
  podSecurityDefault: ['restricted', 'restricted'],
  tenancy: ['open', 'open'],
  allowedProfiles: ['jennifer-*', ['jennifer-*']],
  builtInProfiles: [false, false],
  settableBy: ['address=cluster', new Map([['address', ['cluster']]])],
  configMapKeys: [true, true],
  checks: ['quotas', 'quotas'],
  breaker: ['apm/breakers', 'apm/breakers'],
  strictRequired: [true, true],
  revision: ['canary', 'canary'],
  podLabel: [false, false],
  injection: ['dry-run', 'dry-run'],
};

describe('the configuration of the installed server', () => {
  it.each(decisionOptionNames)('gives %s, on which decisions depend', async (name) => {
    // The compiler holds the keys of the samples to these names.
    const [inFile, read] = samples[name as keyof DecisionOptions];
    expect(read).not.toEqual(defaultOptions[name]);
    const { options } = await installed(stringify({ [name]: inFile, defaults: {} }));
    expect(options).toMatchObject({ [name]: read });
  });

  it('gives its tenancy with its defaults', async () => {
    const { catalogue: known, from } = await installed(
      'tenancy: open\nallowedProfiles: newrelic-*\nbuiltInProfiles: true\nsettableBy: address=cluster\nstrictRequired: true\ndefaults: {cluster-name: east}\n',
    );
    expect(from).toBe('ConfigMap apm/agent-injector');
    expect(known.tenancy).toEqual({
      mode: 'open',
      allowedProfiles: ['newrelic-*'],
      builtInProfiles: true,
      settableBy: new Map([['address', ['cluster']]]),
    });
    expect(known.strictRequired).toBe(true);
    expect(known.defaults.get('cluster-name')).toBe('east');
    // The built-in default of `profile` is not allowed there.
    expect(known.defaults.has('profile')).toBe(false);
  });

  it('is strict without the settings', async () => {
    expect((await installed('defaults: {}\n')).catalogue.tenancy).toEqual(STRICT);
  });

  it('is left out if it is not valid, and then all is read that the user may', async () => {
    const own = await offlineInputs({});
    for (const file of [
      'tenancy: lax\ndefaults: {}\n',
      'checks: everything\ndefaults: {}\n',
      'allowedProfiles: jennifer-*\ndefaults: {profile: newrelic-java}\n',
      '[',
    ]) {
      expect(await installedSettings(clientWith(file), configuration, catalogue)).toBeUndefined();
      const { from, options } = (await serverSettings(clientWith(file), {}, own, [configuration]))(shop());
      expect({ from, options }).toMatchObject({
        from: undefined,
        options: { configMapKeys: true, checks: 'claims,volumes,quotas,nodes' },
      });
    }
  });

  it('gives way to --config', async () => {
    const own = await offlineInputs({});
    const config = 'agent-injector.yaml';
    const settingsFor = await serverSettings(clientWith('tenancy: open\n'), { config }, own, [configuration]);
    expect(settingsFor(shop())).toEqual({ catalogue: own.catalogue, options: own.options, from: undefined });
  });
});

describe('the configurations of several releases', () => {
  const both = [configurationIn('stable'), configurationIn('next', 'canary')];
  const files = { stable: 'defaults: {domain-id: 1}', next: 'revision: canary\ndefaults: {domain-id: 2}' };
  const found = async (revision?: string, readable: Readonly<Record<string, string>> = files) =>
    (await serverSettings(clientWith(readable), {}, await offlineInputs({}), both))(shop(revision)).catalogue;

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
    expect(admit(pod(), shop('other'), known).decision).toMatchObject({
      outcome: 'skipped',
      reason: { code: 'other-revision', label: 'other' },
    });
  });
});
