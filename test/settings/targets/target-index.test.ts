import fc from 'fast-check';
import { expect, it } from 'vitest';
import { selectorMismatch } from '../../../src/kubernetes/label-selector.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { byPrecedence, type Target } from '../../../src/settings/targets/target.ts';
import { TargetIndex } from '../../../src/settings/targets/target-index.ts';
import { TargetSet } from '../../../src/settings/targets/target-set.ts';
import { accepted, clusterTarget, target } from '../../support/targets.ts';

const key = fc.constantFrom('app', 'tier', 'team');
const value = fc.constantFrom('a', 'b', 'c');
const labels = fc.dictionary(key, value, { maxKeys: 3 });
const selector: fc.Arbitrary<JsonObject> = fc.record(
  {
    matchLabels: labels,
    matchExpressions: fc.array(
      fc.oneof(
        fc.record({
          key,
          operator: fc.constantFrom('In', 'NotIn'),
          values: fc.array(value, { minLength: 1, maxLength: 3 }),
        }),
        fc.record({ key, operator: fc.constantFrom('Exists', 'DoesNotExist') }),
      ),
      { maxLength: 3 },
    ),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<JsonObject>;

const targets = fc
  .array(fc.record({ podSelector: selector, namespaceSelector: selector, created: fc.nat(3) }), { maxLength: 12 })
  .map((all) =>
    all.map(({ created, ...selectors }, index) =>
      accepted(clusterTarget(`t${index}`, { profile: 'p', ...selectors }, { created })),
    ),
  );

it('finds what a look at each target in order of precedence finds', () => {
  fc.assert(
    fc.property(targets, labels, labels, (all, namespace, pod) => {
      const expected = all
        .toSorted(byPrecedence)
        .filter(
          (one) =>
            selectorMismatch(one.podSelector, pod) === undefined &&
            selectorMismatch(one.namespaceSelector, namespace) === undefined,
        );
      const index = new TargetIndex(all);
      expect(index.all(namespace, pod)).toEqual(expected);
      expect(index.first(namespace, pod)).toBe(expected[0]);
    }),
  );
});

it('the order is total: whatever order they come in, the same one is first', () => {
  fc.assert(
    fc.property(targets, labels, labels, (all, namespace, pod) => {
      expect(new TargetIndex(all.toReversed()).first(namespace, pod)).toBe(new TargetIndex(all).first(namespace, pod));
    }),
  );
});

it('of many targets for other labels it looks at none', () => {
  const podSelectors: object[] = [];
  const counted = (one: Target): Target =>
    new Proxy(one, {
      get: (object, name, receiver): unknown => {
        if (name === 'podSelector') podSelectors.push(object);
        return Reflect.get(object, name, receiver);
      },
    });
  const all = Array.from({ length: 1000 }, (_, number) =>
    counted(
      accepted(
        target(`t${number}`, { profile: 'p', podSelector: { matchLabels: { team: 'x', app: `app-${number}` } } }),
      ),
    ),
  );
  const index = new TargetIndex(all);
  podSelectors.length = 0;
  expect(index.first({}, { team: 'x', app: 'app-7' })?.name).toBe('shop/t7');
  expect(podSelectors).toHaveLength(1);
});

it('what a namespace has stays the same object while targets of others change, and not when its own or those of the cluster do', () => {
  const [own, other, cluster] = [
    target('t', { profile: 'p' }),
    target('u', { profile: 'p' }, { namespace: 'blog' }),
    clusterTarget('c', { profile: 'p' }),
  ].map(accepted);
  const set = (...all: readonly (Target | undefined)[]): Target[] => all.filter((one) => one !== undefined);
  const first = new TargetSet(set(own, other, cluster));
  const known = first.of('shop');
  const withoutOther = new TargetSet(set(own, cluster), first);
  expect(withoutOther.of('shop')).toBe(known);
  expect(withoutOther.of('blog')).toBe(first.of('third'));
  expect(new TargetSet(set(own), first).of('shop')).not.toBe(known);
  expect(new TargetSet(set(cluster), first).of('shop')).not.toBe(known);
  expect(new TargetSet([], first).of('shop')).toBeUndefined();
});
