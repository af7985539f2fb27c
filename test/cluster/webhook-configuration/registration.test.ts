import { describe, expect, it } from 'vitest';
import { registeredConfiguration } from '../../../src/cluster/webhook-configuration/registration.ts';
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
