import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Parameter } from '../../src/api/profile/parameter.ts';
import { documentsOf } from '../../src/cli/export/policy.ts';
import { exportPolicies } from '../../src/policies/export.ts';
import { acceptsIn } from '../../src/profiles/variables/list-values.ts';
import type { Profile } from '../../src/profiles/profile.ts';
import type { Client, KubeObject } from '../support/client.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts';
import { catalogueOf, opened, profileDocument } from '../support/fixtures.ts';
import { podOf, variable } from '../support/pod.ts';
import { waitFor } from '../support/wait-for.ts';

// A policy checks values by their types, in another language than the webhook. Both judge the same texts here, on a real API server.

const TYPES: readonly object[] = [
  { name: 'a-string', type: 'string' },
  { name: 'a-word', type: 'word' },
  { name: 'a-host', type: 'host' },
  { name: 'an-url', type: 'url', schemes: ['http', 'https', 'unix'] },
  { name: 'an-object', type: 'objectName' },
  { name: 'an-image', type: 'image', allowed: ['registry.example.com/*', 'plain:*'], settableBy: ['pod'] },
  { name: 'a-version', type: 'version' },
  { name: 'a-path', type: 'path', allowed: ['/opt/*'], settableBy: ['pod'] },
  { name: 'a-boolean', type: 'boolean' },
  { name: 'a-port', type: 'port' },
  { name: 'an-integer', type: 'integer', minimum: -5, maximum: 32_767 },
  { name: 'an-enum', type: 'enum', values: ['one', 'two'] },
];

const TEXTS: readonly string[] = [
  '',
  ' ',
  'a',
  'A.b-c',
  'one',
  'true',
  'TRUE',
  '5',
  '05',
  '-5',
  '-6',
  '32768',
  '65535',
  '65536',
  '1e3',
  '9'.repeat(16),
  'a b',
  'a\tb',
  'a\nb',
  'a\u00a0b',
  'a\u2028b',
  '한글',
  'a\u0001',
  'a"b',
  "a'b",
  'a\\b',
  'a`b',
  'a$(HOME)',
  'x'.repeat(1024),
  'x'.repeat(1025),
  '😀'.repeat(512),
  '😀'.repeat(513),
  'host.example.com',
  'host.example.com.',
  'host..example.com',
  '-host',
  'host_name',
  `${'a.'.repeat(126)}a`,
  `${'a.'.repeat(127)}a`,
  '10.1.2.3',
  '10.1',
  '10.1.2.256',
  '10.01.2.3',
  '::',
  '::1',
  'fe80::1:2',
  '1:2:3:4:5:6:7:8',
  '1:2:3:4:5:6:7::',
  '1::2:3:4:5:6:7:8',
  '1:2:3:4:5:6:7',
  '1::2::3',
  '::ffff:10.1.2.3',
  '1:2:3:4:5:6:10.1.2.3',
  '::ffff:10.1.2.300',
  '12345::',
  'fe80::1%eth0',
  'http://host:4318/v1?x=y',
  'https://10.1.2.3',
  'http://[::1]:80/',
  'http://',
  'http:///x',
  'http://host:65536',
  'http://host:99999999',
  'http://10.1',
  'ftp://host',
  'HTTP://host',
  'unix:///var/run/x.sock',
  'unix:///var/../x',
  'unix://x',
  'registry.example.com/agent:1',
  'registry.example.com/agent@sha256:abc',
  `registry.example.com/agent@sha256:${'a'.repeat(64)}`,
  'registry.example.com/Agent:1',
  'plain:1',
  'Plain:1',
  'other.example.com/agent:1',
  '1.2.3',
  '..',
  '.a',
  `v${'1'.repeat(127)}`,
  `v${'1'.repeat(128)}`,
  '/opt/agents',
  '/opt/../etc',
  '/opt/a..b',
  '/etc',
  'opt/agents',
];

let controlPlane: ControlPlane;
let client: Client;
let profile: Profile;

const nameOf = (one: object): string => ('name' in one && typeof one.name === 'string' ? one.name : '');

beforeAll(async () => {
  const catalogue = opened(
    catalogueOf(
      profileDocument({
        parameters: TYPES.map((one) => ({ ...one, description: 'A value.' })),
        deliveries: [{ preinstalled: {} }],
        mounts: [],
        environment: [
          { name: 'ALWAYS', value: '1' },
          ...TYPES.map((one) => ({
            name: nameOf(one).toUpperCase().replaceAll('-', '_'),
            value: `\${${nameOf(one)}}`,
            when: { parameter: { name: nameOf(one) } },
          })),
        ],
      }),
    ),
  );
  const found = catalogue.profiles.get('agent');
  if (!found) throw new Error('the profile is not valid');
  profile = found;
  const exported = exportPolicies(profile, {
    delivery: 'preinstalled',
    parameters: new Map(),
    api: 'v1',
    catalogue,
  });
  if (!exported.ok) throw new Error(exported.error.map(({ what }) => what).join());
  controlPlane = await startControlPlane();
  ({ client } = controlPlane);
  for (const object of documentsOf(exported.value)) await client.create(object as KubeObject);
  await client.create({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'values', labels: { 'agent-injector.io/injection': 'enabled' } },
  });
  await waitFor('the ServiceAccount', () =>
    client.find({ kind: 'ServiceAccount', namespace: 'values', name: 'default' }),
  );
  await waitFor('the policy', async () => (await valueFor('a-word', 'x')) === 'x');
}, 120_000);
afterAll(async () => {
  await controlPlane?.stop();
});

/** What the container gets for the value; undefined if the pod does not get the agent. */
async function valueFor(parameter: string, text: string): Promise<string | undefined> {
  const annotations = { [`agent-injector.io/${parameter}`]: text };
  const pod = podOf('values', 'any', { annotations }) as KubeObject;
  const { object } = await client.create(
    { ...pod, metadata: { ...pod.metadata, name: 'any', namespace: 'values' } },
    { dryRun: true },
  );
  const injected = object as unknown as Parameters<typeof variable>[0];
  return variable(injected, 'ALWAYS') === undefined
    ? undefined
    : (variable(injected, parameter.toUpperCase().replaceAll('-', '_')) ?? '');
}

describe('a policy and the webhook judge a value alike', () => {
  test.each(TYPES.map(nameOf))(
    '%s',
    async (name) => {
      const parameter = profile.parameters.get(name) as Parameter;
      const wrong: string[] = [];
      for (const text of TEXTS) {
        const got = await valueFor(name, text);
        const isAccepted = acceptsIn(profile, parameter, text);
        const expected = isAccepted ? text.replaceAll('$', '$$$$') : undefined;
        // Of a URL, a policy accepts less (docs/without-a-webhook.md).
        const isNarrower = parameter.type === 'url' && isAccepted && got === undefined;
        if (got !== expected && !isNarrower)
          wrong.push(`${JSON.stringify(text.slice(0, 50))}: ${String(got?.slice(0, 50))}`);
      }
      expect(wrong).toEqual([]);
    },
    60_000,
  );

  test('plain URLs are accepted', async () => {
    for (const text of ['http://host:4318/v1?x=y', 'https://10.1.2.3', 'http://[::1]:80/', 'unix:///var/run/x.sock'])
      expect(await valueFor('an-url', text)).toBe(text);
  });
});
