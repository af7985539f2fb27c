import { expect, it } from 'vitest';
import { Census } from '../../src/observer/census.ts';
import { observed, states } from '../support/observed.ts';

const countsOf = (census: Census, profile: string): object => Object.fromEntries(census.versionsOf(profile));

it('pods are counted by the version of their record, and those that fail', () => {
  const census = new Census();
  census.set('shop/a', observed({ hash: '0000000a' }));
  census.set('shop/b', observed({ hash: '0000000a', app: states.crashing() }));
  census.set('shop/c', observed({ hash: '0000000c' }));
  census.set('shop/d', observed({ hash: '0000000d', phase: 'Succeeded' }));
  expect(countsOf(census, 'acme-java')).toEqual({
    '0000000a': { pods: 2, unhealthy: 1 },
    '0000000c': { pods: 1, unhealthy: 0 },
  });
  expect(countsOf(census, 'acme')).toEqual({});
});

it('a pod that changes or goes is counted once', () => {
  const census = new Census();
  census.set('shop/a', observed({ hash: '0000000a', app: states.crashing() }));
  census.set('shop/a', observed({ hash: '0000000a' }));
  expect(countsOf(census, 'acme-java')).toEqual({ '0000000a': { pods: 1, unhealthy: 0 } });
  census.delete('shop/a');
  expect(countsOf(census, 'acme-java')).toEqual({});
});

it('only so many versions are counted: anyone can write a record', () => {
  const census = new Census();
  for (let count = 0; count < 1_500; count += 1)
    census.set(`shop/${count}`, observed({ hash: count.toString(16).padStart(8, '0') }));
  expect(Object.keys(countsOf(census, 'acme-java'))).toHaveLength(1_000);
  expect(census.size).toBe(1_500);
});
