import { expect, it } from 'vitest';
import type { JsonObject } from '../../../src/lib/json.ts';
import { type Conflicts, conflictsIn } from '../../../src/settings/targets/conflicts.ts';
import type { Target } from '../../../src/settings/targets/target.ts';
import { accepted, clusterTarget, target } from '../../support/targets.ts';

function conflicts(targets: readonly Target[], before?: Conflicts): Conflicts {
  const work = conflictsIn(targets, before);
  let step = work.next();
  while (!step.done) step = work.next();
  return step.value;
}

/** The winners by the name of the loser. */
const found = (...objects: readonly JsonObject[]): object =>
  Object.fromEntries([...conflicts(objects.map(accepted)).winners].map(([{ name }, winners]) => [name, winners]));

const labels = (matchLabels: Readonly<Record<string, string>>): JsonObject => ({
  profile: 'acme',
  podSelector: { matchLabels },
});

const expression = (operator: string, ...values: readonly string[]): JsonObject => ({
  profile: 'acme',
  podSelector: { matchExpressions: [{ key: 'app', operator, ...(values.length > 0 && { values }) }] },
});

/** A selector that no pod matches. */
const twice = (one: string, other: string): JsonObject => ({
  profile: 'acme',
  podSelector: {
    matchLabels: { app: one },
    matchExpressions: [{ key: 'app', operator: 'In', values: [other] }],
  },
});

it('a target for all pods is behind one for some', () => {
  expect(found(target('all', { profile: 'acme' }), target('web', labels({ app: 'web' })))).toEqual({
    'shop/all': ['AgentTarget shop/web'],
  });
});

it('of two that are alike, the older one comes first', () => {
  const [old, young] = [target('old', labels({ app: 'web' })), target('young', labels({ app: 'web' }), { created: 5 })];
  expect(found(young, old)).toEqual({ 'shop/young': ['AgentTarget shop/old'] });
});

it.each([
  ['other values of a label', labels({ app: 'web' }), labels({ app: 'db' })],
  ['a value, and not this value', labels({ app: 'web' }), expression('NotIn', 'web', 'db')],
  ['a label, and no such label', expression('Exists'), expression('DoesNotExist')],
  ['a label that is asked for twice', labels({ app: 'web' }), twice('web', 'db')],
  ['lists without a common value', expression('In', 'a', 'b'), expression('In', 'c')],
])('%s: no pod has both', (_, one, other) => {
  expect(found(target('one', one), target('other', other))).toEqual({});
});

it.each([
  ['a value of a list', labels({ app: 'web' }), expression('In', 'web', 'db')],
  ['any other value', expression('Exists'), expression('NotIn', 'web')],
  ['different labels', labels({ app: 'web' }), labels({ tier: 'front' })],
])('%s: a pod can have both', (_, one, other) => {
  expect(Object.values(found(target('one', one), target('other', other)))).toHaveLength(1);
});

it('neither another namespace nor another kind is in conflict', () => {
  const all = { profile: 'acme' };
  expect(found(target('a', all), target('a', all, { namespace: 'bank' }), clusterTarget('a', all))).toEqual({});
});

it('targets of the cluster are in conflict if a namespace can have the labels of both', () => {
  const of = (team: string): JsonObject => ({ profile: 'acme', namespaceSelector: { matchLabels: { team } } });
  expect(found(clusterTarget('a', of('red')), clusterTarget('b', of('blue')))).toEqual({});
  expect(found(clusterTarget('a', of('red')), clusterTarget('b', of('red')))).toEqual({ b: ['ClusterAgentTarget a'] });
});

it('names few winners, and is done with thousands of targets in a moment', () => {
  const many = Array.from({ length: 3_000 }, (_, index) => target(`t${index}`, labels({ app: `a${index}` })));
  const last = target('last', { profile: 'acme' });
  const startedAt = performance.now();
  expect(found(...many, last)).toEqual({ 'shop/last': [expect.any(String), expect.any(String), expect.any(String)] });
  expect(performance.now() - startedAt).toBeLessThan(20_000);
});

it('is never long at a time, whatever selectors the author of a namespace makes up, and looks only at those that have changed', () => {
  const listed = Array.from({ length: 15 }, (_, key) => ({
    key: 'k',
    operator: 'NotIn',
    values: Array.from({ length: 32 }, (__, value) => `${key}-${value}`),
  }));
  const made = (index: number, namespace = 'shop') =>
    accepted(
      target(
        `t${index}`,
        {
          profile: 'acme',
          podSelector: { matchExpressions: [...listed, { key: 'z', operator: 'In', values: [`v${index}`] }] },
        },
        { namespace },
      ),
    );
  const all = Array.from({ length: 200 }, (_, index) => made(index));
  const work = conflictsIn(all);
  let longest = 0;
  for (let isDone = false; !isDone;) {
    const startedAt = performance.now();
    isDone = work.next().done === true;
    longest = Math.max(longest, performance.now() - startedAt);
  }
  expect(longest).toBeLessThan(250);
  const first = conflicts(all);
  const steps = [...conflictsIn([...all, made(0, 'bank')], first)];
  expect(steps).toHaveLength(1);
});
