import { describe, expect, it } from 'vitest';
import { Census } from '../../src/observer/census.ts';
import { censusOf, observed, states } from '../support/observed.ts';

const countsOf = (census: Census): object =>
  Object.fromEntries(
    [...census.counts()].map(([profile, all]) => [profile, Object.fromEntries([...all].filter(([, n]) => n > 0))]),
  );

describe('the census', () => {
  it('counts the pods of each profile by their state, and forgets those that end or are deleted', () => {
    const census = censusOf({ name: 'a' }, { name: 'b', app: states.crashing() }, { name: 'c', profile: 'other-java' });
    expect(countsOf(census)).toEqual({ 'acme-java': { running: 1, crashing: 1 }, 'other-java': { running: 1 } });
    census.set('shop/b', observed({ name: 'b', phase: 'Succeeded' }));
    census.delete('shop/c');
    census.delete('shop/c');
    expect(countsOf(census)).toEqual({ 'acme-java': { running: 1 }, 'other-java': {} });
    expect(census.size).toBe(2);
    expect(census.troubled()).toEqual([]);
  });

  it('knows the pods of a workload that fail, how many it has, and the newest', () => {
    const census = censusOf({ name: 'a', ageSeconds: 10 }, { name: 'b', app: states.crashing(), ageSeconds: 20 });
    const count = census.workload('shop', 'ReplicaSet/web');
    expect(count).toMatchObject({ pods: 2, newest: { key: 'shop/a' } });
    expect([...(count?.troubled.keys() ?? [])]).toEqual(['shop/b']);
    census.set('shop/b', observed({ name: 'b' }));
    expect(census.workload('shop', 'ReplicaSet/web')).toMatchObject({ pods: 2, troubled: new Map() });
    census.delete('shop/a');
    census.delete('shop/b');
    expect(census.workload('shop', 'ReplicaSet/web')).toBeUndefined();
  });

  it('has a bounded number of labels, whatever pods are made up', () => {
    const census = new Census();
    for (let index = 0; index < 300; index++) census.set(`shop/${index}`, observed({ profile: `made-up-${index}` }));
    expect(census.counts().size).toBeLessThanOrEqual(101);
    expect(census.counts().get('other')?.get('running')).toBe(200);
  });

  it('keeps the state of every pod and the failures of a bounded number', () => {
    const census = new Census();
    const failing = observed({ app: states.crashing() });
    for (let index = 0; index < 6000; index++) census.set(`shop/${index}`, failing);
    expect(census.counts().get('acme-java')?.get('crashing')).toBe(6000);
    expect(census.workload('shop', 'ReplicaSet/web')?.troubled.size).toBe(5000);
    for (let index = 0; index < 6000; index++) census.delete(`shop/${index}`);
    census.set('shop/1', failing);
    expect(census.workload('shop', 'ReplicaSet/web')?.troubled.size).toBe(1);
  });
});
