import { describe, expect, it } from 'vitest';
import { selectorMismatch } from '../../src/kubernetes/label-selector.ts';

const exists = (key: string, operator = 'Exists') => ({ matchExpressions: [{ key, operator }] });

describe('a label selector', () => {
  it.each<[string, object, Record<string, string>, boolean]>([
    ['empty', {}, {}, true],
    ['of a label', { matchLabels: { app: 'web' } }, { app: 'web' }, true],
    ['of another value', { matchLabels: { app: 'web' } }, { app: 'api' }, false],
    ['of two labels', { matchLabels: { app: 'web', tier: 'x' } }, { app: 'web' }, false],
    ['In', { matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'api'] }] }, { app: 'api' }, true],
    ['NotIn without the label', { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] }, {}, true],
    ['Exists', exists('app'), { app: '' }, true],
    ['DoesNotExist', exists('app', 'DoesNotExist'), {}, true],
    ['of a name that every object has', exists('constructor'), {}, false],
    ['of the absence of such a name', exists('toString', 'DoesNotExist'), {}, true],
    ['of such a name as a label', exists('constructor'), { constructor: 'x' }, true],
  ])('%s', (_, selector, labels, matches) => {
    expect(selectorMismatch(JSON.parse(JSON.stringify(selector)), labels) === undefined).toBe(matches);
  });
});
