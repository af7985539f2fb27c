import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CaBundleWriter } from '../../../src/cluster/webhook-configuration/ca-bundle.ts';
import { CountingClock } from '../../support/counting-clock.ts';
import { FakeConfigurations, type Configuration } from '../../support/fake-configurations.ts';

const NAME = 'agent-injector';
const service = { name: 'agent-injector', namespace: 'apm' };

function entry(name: string, values: readonly string[], failurePolicy: string) {
  return {
    name: `${name}.agent-injector.io`,
    clientConfig: { service: { ...service, path: '/mutate', port: 443 } },
    rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'], scope: 'Namespaced' }],
    namespaceSelector: {
      matchExpressions: [
        { key: 'agent-injector.io/injection', operator: 'In', values },
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
    entry('enabled', ['enabled'], 'Ignore'),
    entry('required', ['required'], 'Fail'),
    {
      ...entry('pods', ['enabled'], 'Fail'),
      objectSelector: { matchLabels: { 'agent-injector.io/injection': 'required' } },
    },
  ],
});

let api: FakeConfigurations;
let clock: CountingClock;
const lines: string[] = [];
const running: CaBundleWriter[] = [];
const note = (level: string) => (_: object, message: string) => void lines.push(`${level}: ${message}`);
const logger = { info: note('info'), warn: note('warn'), error: note('error') };
const register = (onChange?: () => void): CaBundleWriter => {
  const made = new CaBundleWriter({ cluster: api, name: NAME, service, logger, clock, ...(onChange && { onChange }) });
  running.push(made);
  return made;
};
beforeEach(() => {
  api = new FakeConfigurations(configuration());
  clock = new CountingClock();
  lines.length = 0;
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
  if (clock.open > 0) throw new Error('timers were left behind');
});

const bundles = (): unknown[] => api.current?.webhooks.map(({ clientConfig }) => clientConfig['caBundle']) ?? [];
const encoded = (text: string): string => Buffer.from(text).toString('base64');
const empty = (): void =>
  api.change((webhooks) => webhooks.forEach(({ clientConfig }) => delete clientConfig['caBundle']));
const watching = async (count = 1): Promise<void> => vi.waitFor(() => expect(api.watching).toBe(count));

describe('caBundle', () => {
  test('is written into every entry, and read back, by one patch of nothing else', async () => {
    const registration = register();
    registration.want(() => 'CA');
    await vi.waitFor(() => expect(registration.published()).toEqual(['CA', 'CA', 'CA']));
    expect(bundles()).toEqual([encoded('CA'), encoded('CA'), encoded('CA')]);
    expect(api.patches).toHaveLength(1);
    expect(api.patches[0]).toMatchObject({
      path: '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/agent-injector?fieldManager=agent-injector',
      options: { method: 'PATCH', contentType: 'application/json-patch+json' },
    });
    expect(api.listed).toContain('fieldSelector=metadata.name%3Dagent-injector');
    expect(registration.status()).toMatchObject({ state: 'present', repairs: 1, drift: [], trouble: undefined });
    expect(lines).toEqual([expect.stringContaining('listed'), 'info: wrote caBundle']);
  });

  test('is not written when it is right', async () => {
    api.change((webhooks) => webhooks.forEach(({ clientConfig }) => (clientConfig['caBundle'] = encoded('CA'))));
    const registration = register();
    await watching();
    registration.want(() => 'CA');
    api.change((webhooks) => webhooks.forEach((webhook) => (webhook['timeoutSeconds'] = 4)));
    await registration.stop();
    expect(api.patches).toEqual([]);
  });

  test('emptied 20 times before two replicas is repaired by 20 writes', async () => {
    const both = [register(), register()];
    for (const one of both) one.want(() => 'CA');
    await watching(2);
    await vi.waitFor(() => expect(bundles()).toEqual(Array.from({ length: 3 }, () => encoded('CA'))));
    const before = api.patches.length;
    for (let round = 0; round < 20; round += 1) {
      empty();
      await vi.waitFor(() => expect(bundles()).not.toContain(undefined), { interval: 1 });
    }
    expect(api.patches.length - before).toBe(20);
  });

  test('is not written by what was known before another changed it', async () => {
    const changes = vi.fn<() => void>();
    const registration = register(changes);
    await watching();
    const before = registration.generation();
    api.change((webhooks) => webhooks.forEach(({ clientConfig }) => (clientConfig['caBundle'] = encoded('new'))));
    expect(changes).toHaveBeenCalledTimes(2);
    registration.want(() => 'old', before);
    await new Promise((resolve) => setImmediate(resolve));
    expect(api.patches).toEqual([]);
    registration.want(() => 'newer', registration.generation());
    await vi.waitFor(() => expect(bundles()[0]).toBe(encoded('newer')));
  });

  test('can be made of what is there', async () => {
    api.change((webhooks) => webhooks.forEach(({ clientConfig }) => (clientConfig['caBundle'] = encoded('A'))));
    register().want((published) => (published.includes('B') ? published : `${published}B`));
    await vi.waitFor(() => expect(bundles()[2]).toBe(encoded('AB')));
    expect(api.patches).toHaveLength(1);
  });

  test('that cannot be written is said once, and written as soon as it can be', async () => {
    api.refusal = { kind: 'http', status: 403, reason: 'Forbidden', message: 'no', retryAfterMs: 0 };
    const registration = register();
    registration.want(() => 'CA');
    const trouble = 'caBundle cannot be written: the API server answered 403: no';
    await vi.waitFor(() => expect(registration.status().trouble).toBe(trouble));
    expect(lines).toContain(`warn: ${trouble}`);
    api.refusal = undefined;
    await vi.waitFor(() => expect(api.patches).toHaveLength(1), { timeout: 5000 });
    expect(registration.status().trouble).toBeUndefined();
    expect(lines).toContain('info: caBundle can be written again');
  });

  test('that somebody else wants otherwise is not fought over', async () => {
    const registration = register();
    registration.want(() => 'CA');
    await watching();
    await vi.waitFor(() => expect(api.patches).toHaveLength(1));
    for (let round = 1; round < 30; round += 1) {
      empty();
      await vi.waitFor(() => expect(api.patches).toHaveLength(round + 1), { interval: 1 });
    }
    empty();
    await vi.waitFor(() => expect(lines.at(-1)).toContain('somebody else keeps changing caBundle'));
    expect(api.patches).toHaveLength(30);
    // Ten seconds later it is tried again.
    clock.aheadMs += 10_000;
    empty();
    await vi.waitFor(() => expect(api.patches).toHaveLength(31));
  });
});

describe('a configuration', () => {
  test('that does not exist is waited for', async () => {
    api.current = undefined;
    const registration = register();
    registration.want(() => 'CA');
    await registration.whenSynced();
    expect(registration.status().state).toBe('absent');
    expect(registration.published()).toBeUndefined();
    expect(lines).toContain('warn: there is no MutatingWebhookConfiguration agent-injector: waiting for it');
    await watching();
    api.create(configuration());
    await vi.waitFor(() => expect(bundles()).toEqual([encoded('CA'), encoded('CA'), encoded('CA')]));
  });

  test.each([
    ['failurePolicy', 1, 'Ignore', 'failurePolicy of required.agent-injector.io should be Fail'],
    ['failurePolicy', 0, 'Fail', 'failurePolicy of enabled.agent-injector.io should be Ignore'],
    ['reinvocationPolicy', 0, 'Never', 'reinvocationPolicy of enabled.agent-injector.io should be IfNeeded'],
    ['sideEffects', 0, 'NoneOnDryRun', 'sideEffects of enabled.agent-injector.io should be None'],
    ['timeoutSeconds', 0, 30, 'timeoutSeconds of enabled.agent-injector.io should be from 2 to 10'],
    ['admissionReviewVersions', 0, ['v1beta1'], 'admissionReviewVersions of enabled.agent-injector.io should have v1'],
    ['rules', 0, [], 'rules of enabled.agent-injector.io should be the creation of pods and nothing else'],
    [
      'namespaceSelector',
      0,
      {},
      'namespaceSelector of enabled.agent-injector.io should ask for the label agent-injector.io/injection',
    ],
    [
      'namespaceSelector',
      0,
      { matchLabels: { 'agent-injector.io/injection': 'enabled' } },
      'namespaceSelector of enabled.agent-injector.io should leave out kube-system, kube-public, kube-node-lease, apm',
    ],
    [
      'clientConfig',
      0,
      { service: { name: 'other', namespace: 'apm', path: '/mutate' } },
      'clientConfig of enabled.agent-injector.io should call /mutate of Service agent-injector in namespace apm',
    ],
  ])('whose %s drifts is reported once and left alone', async (field, index, value, text) => {
    const registration = register();
    await watching();
    const drift = (): void =>
      api.change((webhooks) => {
        const webhook = webhooks[index];
        if (webhook) Object.assign(webhook, { [field]: value });
      });
    drift();
    drift();
    expect(lines.filter((line) => line.startsWith('warn'))).toEqual([`warn: ${text}`]);
    expect(registration.status().drift).toMatchObject([{ field }]);
    expect(api.patches).toEqual([]);
    api.change((webhooks) => webhooks.splice(0, 3, ...configuration().webhooks));
    expect(lines.at(-1)).toBe('info: the webhook configuration is as expected');
  });

  test('that calls a URL, or has no webhooks at all, is no trouble', async () => {
    const registration = register();
    await watching();
    api.change((webhooks) => webhooks.forEach((webhook) => (webhook.clientConfig = { url: 'https://elsewhere' })));
    expect(registration.status().drift).toEqual([]);
    api.change((webhooks) => webhooks.splice(0));
    expect(registration.published()).toEqual([]);
  });
});
