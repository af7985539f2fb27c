import { expect, test } from 'vitest';
import { decodePod } from '../../src/kubernetes/pod.ts';
import type { Json } from '../../src/lib/json.ts';

function nested(levels: number): Json {
  let value: Json = 'x';
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? { x: value } : [value];
  return value;
}

test.each(['valueFrom', 'unknown'])(
  'a variable whose field %s is nested deeper than any is refused where it is parsed',
  (field) => {
    const podWith = (value: Json): Json => ({
      spec: { containers: [{ name: 'a', env: [{ name: 'A', [field]: value }] }] },
    });
    const path = 'spec.containers[0].env[0]';
    expect(decodePod(podWith(nested(9_000)))).toMatchObject({ ok: false, error: { path } });
    expect(decodePod(podWith(nested(40)))).toMatchObject({ ok: true });
  },
);

test('managed fields, which are not used, may be nested', () => {
  const metadata = { managedFields: [{ fieldsV1: nested(9_000) }] };
  expect(decodePod({ metadata, spec: { containers: [{ name: 'a' }] } })).toMatchObject({ ok: true });
});
