import { expect, it } from 'vitest';
import { selectorText } from '../../../src/cli/rollout/target.ts';
import type { JsonObject } from '../../../src/lib/json.ts';

it.each<[JsonObject | undefined, string]>([
  [undefined, ''],
  [{}, ''],
  [{ matchLabels: { app: 'web', tier: 'front' } }, 'app=web,tier=front'],
  [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'api'] }] }, 'app in (web,api)'],
  [{ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] }, 'app notin (web)'],
  [
    {
      matchLabels: { app: 'web' },
      matchExpressions: [
        { key: 'a', operator: 'Exists' },
        { key: 'b', operator: 'DoesNotExist' },
      ],
    },
    'app=web,a,!b',
  ],
])('the selector %j is the query %j', (selector, text) => expect(selectorText(selector)).toBe(text));
