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
import { profileText } from '../support/mounted-directory.ts';
import { readingClient } from '../support/reading-client.ts';

/** A client of a cluster whose server has this configuration file, or whose servers have these, by their namespaces. */
function clientWith(files: string | Readonly<Record<string, string>>, profiles?: string): KubeClient {
  const answer = (path: string): ApiResponse => {
    if (path.endsWith('/configmaps/agent-injector-profiles') && profiles !== undefined)
      return { kind: 'ok', body: { data: { 'acme.yaml': profiles } } };
    if (/-switch$|-profiles$|\/deployments\//.test(path))
      return { kind: 'http', status: 404, reason: 'NotFound', message: '', retryAfterMs: 0 };
    const [, within = ''] = /^\/api\/v1\/namespaces\/([^/]+)\/configmaps\/agent-injector$/.exec(path) ?? [];
    const file = typeof files === 'string' ? files : files[within];
    return file === undefined
      ? { kind: 'http', status: 403, reason: 'Forbidden', message: 'no', retryAfterMs: 0 }
      : { kind: 'ok', body: { data: { 'agent-injector.yaml': file } } };
  };
  return readingClient(answer);
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

const inputsOf = (client: KubeClient) => ({ client, catalogue, readsProfiles: true });

async function installed(file: string, profiles?: string): Promise<ServerSettings> {
  const found = await installedSettings(configuration, inputsOf(clientWith(file, profiles)));
  if (!found.ok) throw new Error(found.error.message);
  return found.value;
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
  imageFacts: ['apm/image-facts', 'apm/image-facts'],
  imageFactsMaxAge: ['7d', '7d'],
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
    for (const [file, why] of [
      ['tenancy: lax\ndefaults: {}\n', /tenancy: must be/],
      ['checks: everything\ndefaults: {}\n', /checks: must be/],
      ['allowedProfiles: jennifer-*\ndefaults: {profile: newrelic-java}\n', /newrelic-java/],
      ['defaults: {server-adress: x}\n', /server-adress.*did you mean "server-address"/],
      ['defalts: {}\n', /defalts: unknown setting.*"defaults"/],
      ['[', /not valid YAML/],
    ] as const) {
      const error = { code: 'invalid', message: expect.stringMatching(why) };
      expect(await installedSettings(configuration, inputsOf(clientWith(file)))).toEqual({ ok: false, error });
      const { from, options, unknown } = (await serverSettings(clientWith(file), {}, own, [configuration]))(shop());
      expect({ from, options, unknown }).toMatchObject({
        unknown: error,
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

describe('the profiles of the installed server', () => {
  const acme = profileText('acme-java', { vendor: 'Acme' });

  it('are known to the commands', async () => {
    const { catalogue: known, unknown } = await installed('defaults: {profile: acme-java}\n', acme);
    expect(unknown).toBeUndefined();
    expect(known.own).toEqual(new Set(['acme-java']));
    expect(admit(pod(), shop(), known).decision.outcome).toBe('injected');
  });

  it('that are broken are named, and the others are used', async () => {
    const { catalogue: known, unknown } = await installed(
      'defaults: {}\n',
      `${acme}---\n${profileText('bad', { vendor: 7 })}`,
    );
    expect(known.own).toEqual(new Set(['acme-java']));
    expect(unknown).toMatchObject({ code: 'invalid', message: expect.stringContaining('acme.yaml') });
  });

  it('give way to --profiles', async () => {
    const client = clientWith('defaults: {}\n', acme);
    const settingsFor = await serverSettings(client, { profiles: 'dir' }, await offlineInputs({}), [configuration]);
    expect(settingsFor(shop()).catalogue.own).toEqual(new Set());
  });
});

describe('a user who may not read the webhook configuration', () => {
  const asTenant = (readable: boolean): KubeClient => {
    const client = clientWith({ 'agent-injector': 'defaults: {domain-id: 7}' });
    const forbidden: ApiResponse = { kind: 'http', status: 403, reason: 'Forbidden', message: '', retryAfterMs: 0 };
    const getJson: KubeClient['getJson'] = async (path, options) =>
      path.includes('mutatingwebhookconfigurations') || !readable ? forbidden : client.getJson(path, options);
    return { ...client, getJson };
  };

  it('decides by the configuration at its usual place, if that may be read', async () => {
    const settingsFor = await serverSettings(asTenant(true), {}, await offlineInputs({}));
    expect(settingsFor(shop()).catalogue.defaults.get('domain-id')).toBe('7');
    expect(settingsFor(shop()).unknown).toBeUndefined();
  });

  it('is told that the settings are not known', async () => {
    const settingsFor = await serverSettings(asTenant(false), {}, await offlineInputs({}));
    expect(settingsFor(shop())).toMatchObject({ from: undefined, unknown: { code: 'forbidden' } });
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
