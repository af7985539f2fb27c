import fc from 'fast-check';
import jsonpatch from 'fast-json-patch';
import { expect, test } from 'vitest';
import { isObject, type Json, type JsonObject } from '../../src/lib/json.ts';
import { type Operation, pointer } from '../../src/lib/json-patch.ts';
import { type Manifest, parseManifest } from '../../src/manifests/documents.ts';
import { editManifest } from '../../src/manifests/edit/edit.ts';
import { render, styles } from '../support/yaml-styles.ts';

const words = fc.constantFrom(
  'a',
  'name',
  'x-y',
  'app.kubernetes.io/name',
  '8080',
  'true',
  'a b',
  "it's",
  '{x}',
  'yes',
  'ä',
  'k#',
  '- z',
);
const texts = fc.oneof(
  words,
  fc.string({ maxLength: 12 }),
  fc.constantFrom('two\nlines\n', 'no end\nhere', '\ttab', '0755', '1:30', ' # no', '*x'),
);
const scalars = fc.oneof(texts, texts, fc.integer(), fc.boolean(), fc.constant(null));
const { value: values } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalars,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(words, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));
const objects = fc.dictionary(words, values, { maxKeys: 4, noNullPrototype: true });

const pods = fc.record({
  metadata: fc.record({ labels: objects, annotations: fc.oneof(objects, fc.constant(null)) }, { requiredKeys: [] }),
  spec: fc.record(
    {
      containers: fc.array(objects, { minLength: 1, maxLength: 3 }),
      volumes: fc.array(objects, { maxLength: 2 }),
      extra: values,
    },
    { requiredKeys: ['containers'] },
  ),
});

interface Choice {
  readonly where: number;
  readonly how: number;
  readonly key: string;
  readonly value: Json;
}
const choices: fc.Arbitrary<Choice> = fc.record({
  where: fc.nat(999),
  how: fc.nat(999),
  key: fc.oneof(words, fc.constant('fresh')),
  value: values,
});

interface Location {
  readonly path: string;
  readonly value: Json;
}

function locationsIn(value: Json, path = ''): Location[] {
  const inner = Array.isArray(value)
    ? value.flatMap((element: Json, index) => locationsIn(element, path + pointer(index)))
    : isObject(value)
      ? Object.entries(value).flatMap(([key, field]) => locationsIn(field ?? null, path + pointer(key)))
      : [];
  return [{ path, value }, ...inner];
}

/**
 * An operation that applies to the pod. `pure`: it replaces no text of the author. `lines`: it splits no line of the author either, as an
 * insertion before the first element of a nested list does (`- - a`).
 */
interface AppliedOperation {
  readonly operation: Operation;
  readonly pure: boolean;
  readonly lines: boolean;
}

function operationFor(pod: Json, { where, how, key, value }: Choice): AppliedOperation {
  const locations = locationsIn(pod);
  const location = locations[where % locations.length] ?? { path: '', value: pod };
  if (Array.isArray(location.value)) {
    const index = how % (location.value.length + 2);
    const token = index > location.value.length ? '-' : index;
    return {
      operation: { op: 'add', path: location.path + pointer(token), value },
      pure: location.value.length > 0,
      lines: index > 0,
    };
  }
  if (isObject(location.value)) {
    const pure = !Object.hasOwn(location.value, key) && Object.keys(location.value).length > 0;
    return { operation: { op: 'add', path: location.path + pointer(key), value }, pure, lines: true };
  }
  return { operation: { op: 'replace', path: location.path, value }, pure: false, lines: false };
}

function operationsFor(
  pod: JsonObject,
  chosen: readonly Choice[],
): { operations: Operation[]; pure: boolean; lines: boolean } {
  let now: JsonObject = structuredClone(pod);
  const made = chosen.map((choice) => {
    const next = operationFor(now, choice);
    now = jsonpatch.applyPatch(now, [structuredClone(next.operation)], true).newDocument;
    return next;
  });
  return {
    operations: made.map(({ operation }) => operation),
    pure: made.every((one) => one.pure),
    lines: made.every((one) => one.lines),
  };
}

function isSubsequence<T>(few: Iterable<T>, many: Iterable<T>): boolean {
  const rest = [...many][Symbol.iterator]();
  const next = (item: T): boolean => {
    for (let step = rest.next(); !step.done; step = rest.next()) if (step.value === item) return true;
    return false;
  };
  return [...few].every(next);
}

const linesOf = (text: string): string[] => text.split(/\r?\n/);

function manifestOf(text: string): Manifest {
  const parsed = parseManifest(text);
  if (!parsed.ok) throw new Error(`${JSON.stringify(parsed.error)} in\n${text}`);
  return parsed.value;
}

test('the edited text parses to the patched pod and keeps every line of the author, in any style', () => {
  fc.assert(
    fc.property(pods, styles, fc.array(choices, { minLength: 1, maxLength: 6 }), (template, style, chosen) => {
      const object: JsonObject = {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'a' },
        spec: { template, after: 1 },
      };
      const manifest = manifestOf(render(object, style));
      const [found] = manifest.templates;
      if (!found) throw new Error('no template');
      const { operations, pure, lines } = operationsFor(found.pod, chosen);
      const edited = editManifest(manifest, [{ template: found, operations }]);
      if (!edited.ok) throw new Error(JSON.stringify(edited.error));
      expect(edited.value.reformatted).toEqual([]);
      const expected = jsonpatch.applyPatch(structuredClone(found.pod), structuredClone(operations)).newDocument;
      expect(manifestOf(edited.value.text).templates[0]?.pod).toEqual(expected);
      const block = style.flow === 0 && style.json === undefined;
      expect(!pure || isSubsequence(manifest.text, edited.value.text)).toBe(true);
      expect(!(pure && lines && block) || isSubsequence(linesOf(manifest.text), linesOf(edited.value.text))).toBe(true);
    }),
    { numRuns: 400 },
  );
});
