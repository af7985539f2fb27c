import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CaBundleWriter, type CaBundleWriterOptions } from '../../../src/cluster/webhook-configuration/ca-bundle.ts';
import { eventually } from '../../support/eventually.ts';
import { FakeConfigurations, type Configuration } from '../../support/fake-configurations.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

const NAME = 'agent-injector';
const service = { name: 'agent-injector', namespace: 'apm' };

function entry(name: string, values: readonly string[], failurePolicy: string, path = '/mutate/required') {
  return {
    name: `${name}.agent-injector.io`,
    clientConfig: { service: { ...service, path, port: 443 } },
    rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'], scope: 'Namespaced' }],
    namespaceSelector: {
      matchExpressions: [
        { key: 'agent-injector.io/injection', operator: 'In', values },
        { key: 'agent-injector.io/revision', operator: 'DoesNotExist' },
        {
          key: 'kubernetes.io/metadata.name',
          operator: 'NotIn',
          values: ['kube-system', 'kube-public', 'kube-node-lease', 'apm'],
        },
      ],
    },
    objectSelector: {},
    failurePolicy,
    reinvocationPolicy: 'IfNeeded',
    sideEffects: 'None',
    timeoutSeconds: 5,
    admissionReviewVersions: ['v1'],
  };
}
const configuration = (): Configuration => ({
  metadata: { name: NAME, resourceVersion: '1' },
  webhooks: [
    entry('enabled', ['enabled'], 'Ignore', '/mutate'),
    entry('required', ['required'], 'Fail'),
    {
      ...entry('pods', ['enabled'], 'Fail'),
      objectSelector: { matchLabels: { 'agent-injector.io/injection': 'required' } },
    },
  ],
});

let api: FakeConfigurations;
let clock: ManualClock;
let log: RecordingLogger;
const running: CaBundleWriter[] = [];
const start = (more: Partial<CaBundleWriterOptions> = {}, onChange?: () => void): CaBundleWriter => {
  const writer = new CaBundleWriter({ client: api, name: NAME, service, logger: log, clock, ...more });
  running.push(writer);
  return writer.start(onChange);
};
beforeEach(() => {
  api = new FakeConfigurations(configuration());
  clock = new ManualClock();
  log = new RecordingLogger();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
  clock.expectNoTimers();
});

const bundles = (): unknown[] => api.current?.webhooks.map(({ clientConfig }) => clientConfig['caBundle']) ?? [];
const encoded = (text: string): string => Buffer.from(text).toString('base64');
const empty = (): void =>
  api.change((webhooks) => webhooks.forEach(({ clientConfig }) => delete clientConfig['caBundle']));
const watching = (count = 1): Promise<void> => eventually(() => expect(api.watching).toBe(count));

describe('caBundle', () => {
  test('is written into every entry by one patch of nothing else, and read back', async () => {
    const writer = start();
    writer.want(() => 'CA');
    await eventually(() => expect(writer.published()).toEqual(['CA', 'CA', 'CA']));
    expect(bundles()).toEqual([encoded('CA'), encoded('CA'), encoded('CA')]);
    expect(api.patches).toHaveLength(1);
    expect(api.patches[0]).toMatchObject({
      path: '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/agent-injector?fieldManager=agent-injector',
      options: { method: 'PATCH', contentType: 'application/json-patch+json' },
    });
    expect(api.listed).toContain('fieldSelector=metadata.name%3Dagent-injector');
    expect(writer.status()).toMatchObject({ state: 'present', repairs: 1, drift: [], problem: undefined });
    expect(log.messages).toEqual([expect.stringMatching(/^info /), expect.stringMatching(/^info .*caBundle/)]);
  });

  test('is not written when it is correct', async () => {
    api.change((webhooks) => webhooks.forEach(({ clientConfig }) => (clientConfig['caBundle'] = encoded('CA'))));
    const writer = start();
    await watching();
    writer.want(() => 'CA');
    api.change((webhooks) => webhooks.forEach((webhook) => (webhook['timeoutSeconds'] = 4)));
    await writer.stop();
    expect(api.patches).toEqual([]);
  });

  test('emptied 20 times is repaired by 20 writes of two replicas', async () => {
    const both = [start(), start()];
    for (const one of both) one.want(() => 'CA');
    await watching(2);
    await eventually(() => expect(bundles()).toEqual(Array.from({ length: 3 }, () => encoded('CA'))));
    const before = api.patches.length;
    for (let round = 0; round < 20; round += 1) {
      empty();
      await eventually(() => expect(bundles()).not.toContain(undefined));
    }
    expect(api.patches.length - before).toBe(20);
  });

  test('is not written by a generation that is no longer current', async () => {
    const changes = vi.fn<() => void>();
    const writer = start({}, changes);
    await watching();
    const before = writer.generation();
    api.change((webhooks) => webhooks.forEach(({ clientConfig }) => (clientConfig['caBundle'] = encoded('new'))));
    expect(changes).toHaveBeenCalledTimes(2);
    writer.want(() => 'old', before);
    await new Promise((resolve) => setImmediate(resolve));
    expect(api.patches).toEqual([]);
    writer.want(() => 'newer', writer.generation());
    await eventually(() => expect(bundles()[0]).toBe(encoded('newer')));
  });

  test('can depend on the published one', async () => {
    api.change((webhooks) => webhooks.forEach(({ clientConfig }) => (clientConfig['caBundle'] = encoded('A'))));
    start().want((published) => (published.includes('B') ? published : `${published}B`));
    await eventually(() => expect(bundles()[2]).toBe(encoded('AB')));
    expect(api.patches).toHaveLength(1);
  });

  test('that cannot be written is reported once, and retried after a second', async () => {
    api.refusal = { kind: 'http', status: 403, reason: 'Forbidden', message: 'no', retryAfterMs: 0 };
    const writer = start();
    writer.want(() => 'CA');
    await eventually(() => expect(writer.status().problem).toContain('403'));
    expect(log.of('warn')).toEqual([writer.status().problem]);
    api.refusal = undefined;
    clock.advance(999);
    expect(writer.status().problem).toBeDefined();
    clock.advance(1);
    await eventually(() => expect(api.patches).toHaveLength(1));
    expect(writer.status().problem).toBeUndefined();
    expect(log.of('warn')).toHaveLength(1);
  });

  test('that another writer keeps changing is written every ten seconds', async () => {
    const writer = start();
    writer.want(() => 'CA');
    await watching();
    await eventually(() => expect(api.patches).toHaveLength(1));
    for (let round = 1; round < 30; round += 1) {
      empty();
      await eventually(() => expect(api.patches).toHaveLength(round + 1));
    }
    empty();
    await eventually(() => expect(log.of('warn')).toHaveLength(1));
    expect(api.patches).toHaveLength(30);
    clock.advance(10_000);
    await eventually(() => expect(api.patches).toHaveLength(31));
  });
});

describe('the paths', () => {
  const SECRET = 's'.repeat(32);
  const paths = (): unknown[] =>
    api.current?.webhooks.map(({ clientConfig }) => (clientConfig['service'] as { path?: string }).path) ?? [];
  const secret = [`/mutate/${SECRET}`, `/mutate/required/${SECRET}`, `/mutate/required/${SECRET}`];
  const install = (change: (service: { path?: string }) => void = (one) => delete one.path): void => {
    if (api.current) api.current.metadata.annotations = { 'agent-injector.io/webhook-path': 'secret' };
    api.change((webhooks) => webhooks.forEach(({ clientConfig }) => change(clientConfig['service'] as object)));
  };

  test('of a new installation are written with caBundle, in one patch, and are no drift before', async () => {
    install();
    const writer = start({ service: { ...service, writesPaths: true } });
    await watching();
    expect(writer.status().drift).toEqual([]);
    writer.usePathSecret(SECRET);
    writer.want(() => 'CA');
    await eventually(() => expect(paths()).toEqual(secret));
    expect(bundles()).toEqual([encoded('CA'), encoded('CA'), encoded('CA')]);
    expect(api.patches).toHaveLength(1);
    expect(writer.status()).toMatchObject({ repairs: 1, drift: [] });
    expect(log.messages.join('\n')).not.toContain(SECRET);
  });

  test('that are missing are drift where this server does not write them', async () => {
    install();
    const writer = start();
    await watching();
    expect(writer.status().drift.map(({ field }) => field)).toEqual(['clientConfig', 'clientConfig', 'clientConfig']);
    writer.want(() => 'CA');
    await eventually(() => expect(bundles()[0]).toBe(encoded('CA')));
    expect(paths()).toEqual([undefined, undefined, undefined]);
  });

  test('in use are replaced once the secret has settled, by one write of two replicas, and back again', async () => {
    api.change((webhooks) => webhooks.forEach(({ clientConfig }) => (clientConfig['caBundle'] = encoded('CA'))));
    install(() => {});
    const both = [start({ settleMs: 10_000 }), start({ settleMs: 10_000 })];
    await watching(2);
    const check = (): void =>
      both.forEach((one) => {
        one.usePathSecret(SECRET);
        one.want(() => 'CA');
      });
    check();
    await new Promise((resolve) => setImmediate(resolve));
    expect(api.patches).toEqual([]);
    clock.advance(10_000);
    check();
    await eventually(() => expect(paths()).toEqual(secret));
    expect(api.patches).toHaveLength(1);
    expect(both.map((one) => one.paths.isOpen('/mutate'))).toEqual([true, true]);
    if (api.current) api.current.metadata.annotations = {};
    api.change(() => {});
    await eventually(() => expect(paths()).toEqual(['/mutate', '/mutate/required', '/mutate/required']));
    // These count writes of caBundle.
    expect(both.map((one) => one.status().repairs)).toEqual([0, 0]);
  });
});

describe('a configuration', () => {
  test('that does not exist is written once it is created', async () => {
    api.current = undefined;
    const writer = start();
    writer.want(() => 'CA');
    await writer.whenSynced();
    expect(writer.status().state).toBe('absent');
    expect(writer.published()).toBeUndefined();
    expect(log.of('warn')).toEqual([expect.stringContaining(NAME)]);
    await watching();
    api.create(configuration());
    await eventually(() => expect(bundles()).toEqual([encoded('CA'), encoded('CA'), encoded('CA')]));
  });

  test.each([
    ['failurePolicy', 1, 'Ignore'],
    ['failurePolicy', 0, 'Fail'],
    ['reinvocationPolicy', 0, 'Never'],
    ['sideEffects', 0, 'NoneOnDryRun'],
    ['timeoutSeconds', 0, 30],
    ['admissionReviewVersions', 0, ['v1beta1']],
    ['rules', 0, []],
    ['namespaceSelector', 0, {}],
    ['namespaceSelector', 0, { matchLabels: { 'agent-injector.io/injection': 'enabled' } }],
    ['clientConfig', 0, { service: { ...service, path: '/mutate/required' } }],
    ['clientConfig', 1, { service: { ...service, path: '/mutate' } }],
    ['clientConfig', 2, { service: { ...service, path: '/mutate' } }],
    ['clientConfig', 0, { service: { name: 'other', namespace: 'apm', path: '/mutate' } }],
  ])('whose %s drifts is reported once and not changed', async (field, index, value) => {
    const writer = start();
    await watching();
    const name = String(configuration().webhooks[index]?.['name']);
    const change = (): void =>
      api.change((webhooks) => {
        const webhook = webhooks[index];
        if (webhook) Object.assign(webhook, { [field]: value });
      });
    change();
    change();
    const [drift] = writer.status().drift;
    expect(writer.status().drift).toEqual([{ entry: name, field, expected: expect.any(String) }]);
    expect(log.of('warn')).toEqual([`${field} of ${name} should ${drift?.expected}`]);
    expect(api.patches).toEqual([]);
    api.change((webhooks) => webhooks.splice(0, 3, ...configuration().webhooks));
    expect(log.messages.at(-1)).toMatch(/^info /);
  });

  test('with a URL, or without webhooks, has no drift', async () => {
    const writer = start();
    await watching();
    api.change((webhooks) => webhooks.forEach((webhook) => (webhook.clientConfig = { url: 'https://elsewhere' })));
    expect(writer.status().drift).toEqual([]);
    api.change((webhooks) => webhooks.splice(0));
    expect(writer.published()).toEqual([]);
  });
});
