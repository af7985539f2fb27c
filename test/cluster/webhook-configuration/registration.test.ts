import { describe, expect, it } from 'vitest';
import type { ApiResponse, KubeClient, SendOptions } from '../../../src/cluster/client/types.ts';
import { registeredConfiguration, Registration } from '../../../src/cluster/webhook-configuration/registration.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { NAMESPACE, only, objectsOf, root } from '../../support/chart.ts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Entry {
  readonly name: string;
  readonly clientConfig: { readonly url?: string; readonly service?: object };
  readonly failurePolicy: string;
  readonly namespaceSelector: { readonly matchExpressions: readonly { readonly values?: readonly string[] }[] };
}

const entriesOf = (configuration: unknown): readonly Entry[] =>
  (configuration as { readonly webhooks: readonly Entry[] }).webhooks;

const registered = (revision?: string): readonly Entry[] =>
  entriesOf(registeredConfiguration({ url: 'https://192.168.1.10:8443', ca: 'PEM', revision }));

/** What is left of an entry without its address and what happens if nothing answers there. */
function comparable({ clientConfig: _, failurePolicy: __, ...entry }: Entry): object {
  const matchExpressions = entry.namespaceSelector.matchExpressions.map((one) => ({
    ...one,
    ...(one.values && { values: one.values.filter((value) => value !== NAMESPACE) }),
  }));
  return { ...entry, namespaceSelector: { matchExpressions } };
}

describe('the configuration of a registered server', () => {
  it('has the entries of the chart', () => {
    const installed = objectsOf(readFileSync(join(root, 'deploy/install.yaml'), 'utf8'));
    const chart = only(installed, 'MutatingWebhookConfiguration');
    expect(registered().map(comparable)).toEqual(entriesOf(chart).map(comparable));
  });

  it('calls the address, and fails open for every pod', () => {
    const called = registered().map(({ clientConfig, failurePolicy }) => [clientConfig.url, failurePolicy]);
    expect(called).toEqual([
      ['https://192.168.1.10:8443/mutate', 'Ignore'],
      ['https://192.168.1.10:8443/mutate/required', 'Ignore'],
      ['https://192.168.1.10:8443/mutate/required', 'Ignore'],
      ['https://192.168.1.10:8443/mutate/required', 'Ignore'],
    ]);
  });

  it('serves only the namespaces of its revision', () => {
    for (const { namespaceSelector } of registered('mine'))
      expect(namespaceSelector.matchExpressions).toContainEqual({
        key: 'agent-injector.io/revision',
        operator: 'In',
        values: ['mine'],
      });
  });
});

/** An API server with the webhook configurations of registered servers. */
class Configurations implements Pick<KubeClient, 'getJson' | 'sendJson'> {
  items: readonly JsonObject[] = [];
  /** Writes are carried out, and their answers are lost. */
  losesAnswers = false;
  #version = 0;

  getJson(): Promise<ApiResponse> {
    return Promise.resolve({ kind: 'ok', body: { items: this.items } });
  }

  sendJson(_: string, { method, body }: SendOptions): Promise<ApiResponse> {
    const [before] = this.items;
    this.#version += 1;
    const metadata = before?.['metadata'] as { readonly uid: string } | undefined;
    if (method === 'DELETE') {
      const { preconditions } = body as unknown as { readonly preconditions: JsonObject };
      const stored = before?.['metadata'] as JsonObject | undefined;
      const isMeant = Object.entries(preconditions).every(([name, value]) => stored?.[name] === value);
      if (!isMeant) throw new Error(`another object is meant: ${JSON.stringify(preconditions)}`);
      this.items = [];
      return Promise.resolve({ kind: 'ok', body: {} });
    }
    const given = body as { readonly metadata: JsonObject };
    const uid = metadata?.uid ?? `uid-${this.#version}`;
    const stored = { ...given, metadata: { ...given.metadata, uid, resourceVersion: String(this.#version) } };
    this.items = [stored];
    return Promise.resolve(this.losesAnswers ? { kind: 'timeout', afterMs: 10_000 } : { kind: 'ok', body: stored });
  }
}

describe('a registration', () => {
  const register = (api: Configurations, ca: string): Registration =>
    // Nothing else of a client is used.
    new Registration(api as unknown as KubeClient, { url: 'https://192.168.1.10:8443', ca, revision: undefined });

  it('is deleted when its server stops', async () => {
    const api = new Configurations();
    const one = register(api, 'one');
    await one.add();
    expect(await one.remove()).toBeUndefined();
    expect(api.items).toEqual([]);
  });

  it('of which it is not known whether it was written is deleted, too', async () => {
    const api = new Configurations();
    api.losesAnswers = true;
    const one = register(api, 'one');
    await expect(one.add()).rejects.toThrow(/webhook configurations/);
    expect(await one.remove()).toBeUndefined();
    expect(api.items).toEqual([]);
  });

  it('that another server with the address has taken over since is left to that one', async () => {
    const api = new Configurations();
    const [first, second] = [register(api, 'one'), register(api, 'two')];
    await first.add();
    await second.add();
    expect(await first.remove()).toBeUndefined();
    expect(api.items).toHaveLength(1);
    await second.remove();
    expect(api.items).toEqual([]);
  });
});
