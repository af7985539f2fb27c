import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressOf, mainScreenOf, parseRoute, type Route } from '../../src/page-app/routing.ts';

const name = fc.stringMatching(/^[a-z0-9][-a-z0-9.]{0,20}$/);
const anything = fc.string({ unit: 'binary', maxLength: 12 }).map((text) => Buffer.from(text).toString());

const routes: fc.Arbitrary<Route> = fc.oneof(
  fc.constantFrom<Route>({ screen: 'needs' }, { screen: 'try' }, { screen: 'now' }),
  fc.record({ screen: fc.constant('workloads' as const), filter: anything, sort: fc.constantFrom('', '-agents') }),
  fc.record({
    screen: fc.constant('workload' as const),
    namespace: name,
    workload: name.map((text) => `Deployment/${text}`),
  }),
  fc.record({ screen: fc.constant('pod' as const), namespace: name, name }),
  fc.record({ screen: fc.constant('profiles' as const), name: fc.option(name, { nil: undefined }) }),
);

describe('routes', () => {
  it('have an address each, which leads back to them', () => {
    fc.assert(
      fc.property(routes, (route) => {
        expect(parseRoute(addressOf(route))).toEqual(route);
      }),
    );
  });

  it('are found for every address, however it was mangled', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (hash) => {
        expect(typeof parseRoute(`#${hash}`).screen).toBe('string');
      }),
    );
    expect(parseRoute('')).toEqual({ screen: 'needs' });
    expect(parseRoute('#/unheard/of')).toEqual({ screen: 'needs' });
    expect(parseRoute('#/pod/%E0%A4%A/x')).toEqual({ screen: 'pod', namespace: '%E0%A4%A', name: 'x' });
  });

  it('lead to the list where a name is missing', () => {
    expect(parseRoute('#/workload/shop')).toEqual({ screen: 'workloads', filter: 'shop', sort: '' });
    expect(parseRoute('#/pod/shop/')).toEqual({ screen: 'workloads', filter: 'shop', sort: '' });
  });

  it('of pods and workloads belong to the screen of workloads', () => {
    expect(mainScreenOf({ screen: 'pod', namespace: 'a', name: 'b' })).toBe('workloads');
    expect(mainScreenOf({ screen: 'workload', namespace: 'a', workload: 'Deployment/b' })).toBe('workloads');
    expect(mainScreenOf({ screen: 'now' })).toBe('now');
  });
});
