import { expect, it } from 'vitest';
import { otherInjectors } from '../../src/diagnostics/other-webhooks.ts';
import type { JsonObject } from '../../src/lib/json.ts';

const known = [{ name: 'dynatrace', product: 'Dynatrace', collides: true }];
const configuration = (name: string, entry: string, rule: JsonObject): JsonObject => ({
  metadata: { name },
  webhooks: [{ name: entry, rules: [{ apiGroups: [''], operations: ['CREATE'], resources: ['pods'], ...rule }] }],
});

it('lists webhooks of other products that are called when a pod is created', () => {
  expect(
    otherInjectors(
      [
        configuration('mine', 'enabled.agent-injector.io', {}),
        configuration('one', 'webhook.pod.dynatrace.com', {}),
        configuration('all', 'a.example.com', { apiGroups: ['*'], operations: ['*'], resources: ['*/*'] }),
        configuration('workloads', 'b.example.com', { apiGroups: ['apps'], resources: ['*'] }),
        configuration('updates', 'c.example.com', { operations: ['UPDATE'] }),
      ],
      known,
    ),
  ).toEqual([
    { configuration: 'one', product: 'Dynatrace', collides: true },
    { configuration: 'all', product: 'unknown product', collides: false },
  ]);
});
