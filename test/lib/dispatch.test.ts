import { expect, it } from 'vitest';
import { dispatch } from '../../src/lib/dispatch.ts';

type Shape = { readonly kind: 'square'; readonly side: number } | { readonly kind: 'circle'; readonly radius: number };

const names: {
  readonly [kind in Shape['kind']]: (shape: Extract<Shape, { kind: kind }>, unit: string) => string;
} = {
  square: ({ side }, unit) => `square of ${side} ${unit}`,
  circle: ({ radius }, unit) => `circle of ${radius} ${unit}`,
};

it.each<[Shape, string]>([
  [{ kind: 'square', side: 2 }, 'square of 2 cm'],
  [{ kind: 'circle', radius: 3 }, 'circle of 3 cm'],
])('dispatch calls the function for %o with the other arguments', (shape, expected) => {
  expect(dispatch(names, 'kind', shape, 'cm')).toBe(expected);
});
