import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import profiles from '../../src/agents/*.yaml';
import { parseProfile } from '../../src/profiles/parse.ts';
import { blocksIn } from '../support/markdown.ts';
import { profileJsonSchema } from './profile-json-schema.ts';

const file = join(import.meta.dirname, '../../docs/agent-profile.schema.json');
const current = `${JSON.stringify(profileJsonSchema(), null, 2)}\n`;
if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, current);

const ajv = new Ajv({
  allErrors: true,
  strict: true,
  strictRequired: false,
  strictTypes: false,
  allowUnionTypes: true,
});
formats.default(ajv);
const validate = ajv.compile(JSON.parse(current) as object);

/** What a validator says of a document, as paths. */
const faults = (document: unknown): readonly string[] =>
  validate(document) ? [] : (validate.errors ?? []).map(({ instancePath }) => instancePath);

const complete = `
apiVersion: agent-injector.io/v1alpha1
kind: AgentProfile
metadata: {name: acme}
spec:
  vendor: Acme
  description: An agent
  constraints: {os: [linux]}
  deliveries:
    - {persistentVolumeClaim: {claimName: acme}}
  mounts: [{path: /acme}]
  environment:
    - {name: ACME, value: "1"}
`;

describe('docs/agent-profile.schema.json', () => {
  it('is what the code says; UPDATE_DOCS=1 writes it', () => {
    expect(readFileSync(file, 'utf8')).toBe(current);
  });

  it.each(
    (profiles as { metadata: { name: string } }[]).map((document) => [document.metadata.name, document] as const),
  )('takes the built-in profile %s', (_, document) => expect(faults(document)).toEqual([]));

  const page = readFileSync(join(import.meta.dirname, '../../docs/profile-language.md'), 'utf8');
  const examples = blocksIn(page, 'yaml').filter((block) => block.includes('kind: AgentProfile'));

  it('takes the examples of the page on the language', () => {
    expect(examples).toHaveLength(2);
    for (const example of examples) expect(faults(parse(example))).toEqual([]);
  });

  it('takes a small one, as the product does', () => {
    expect(parseProfile(parse(complete)).ok).toBe(true);
    expect(faults(parse(complete))).toEqual([]);
  });

  it.each([
    ['another kind', 'kind: AgentProfile', 'kind: Profile', '/kind'],
    ['an unknown key', '  vendor: Acme', '  vendor: Acme\n  vendour: Acme', '/spec'],
    ['a missing key', '  vendor: Acme\n', '', '/spec'],
    ['a wrong type', 'vendor: Acme', 'vendor: 1', '/spec/vendor'],
    ['a value that is none of those that may be', 'os: [linux]', 'os: [darwin]', '/spec/constraints/os/0'],
    ['an unknown delivery', '{persistentVolumeClaim: {', '{volume: {', '/spec/deliveries/0'],
    [
      "a delivery with another's field",
      'claimName: acme',
      'claimName: acme, image: x',
      '/spec/deliveries/0/persistentVolumeClaim',
    ],
    ['a delivery of two kinds', 'claimName: acme}', 'claimName: acme}, preinstalled: {}', '/spec/deliveries/0'],
    [
      'a variable with both kinds of value',
      'value: "1"',
      'value: "1", valueFrom: {secretKeyRef: {name: a, key: b}}',
      '/spec/environment/0',
    ],
    ['a variable with no value', ', value: "1"', '', '/spec/environment/0'],
    ['a variable that is no word', 'name: ACME, ', 'name: A B, ', '/spec/environment/0/name'],
  ])('takes no document with %s, nor does the product', (_, from, to, at) => {
    expect(complete).toContain(from);
    const document: unknown = parse(complete.replace(from, to));
    expect(parseProfile(document).ok).toBe(false);
    expect(faults(document)).toContain(at);
  });

  describe('of a profile that extends another', () => {
    const derived = (spec: string): unknown =>
      parse(`{apiVersion: agent-injector.io/v1alpha1, kind: AgentProfile, metadata: {name: acme}, spec: ${spec}}`);

    it('takes one that says just what is other', () => {
      expect(faults(derived('{extends: acme}'))).toEqual([]);
      expect(faults(derived('{extends: acme, parameters: [{name: collector, default: acme.example.com}]}'))).toEqual(
        [],
      );
      expect(faults(derived('{extends: acme, documentation: null, constraints: {arch: null}}'))).toEqual([]);
      expect(faults(derived('{extends: acme, environment: [{name: ACME, value: null}]}'))).toEqual([]);
      expect(faults(derived('{extends: acme, parameters: [{name: collector, remove: true}]}'))).toEqual([]);
      expect(faults(derived('{extends: acme, deliveries: [{name: image, remove: true}]}'))).toEqual([]);
      expect(
        faults(
          derived('{extends: acme, conflicts: [{code: other, remove: true}], mounts: [{path: /a, remove: true}]}'),
        ),
      ).toEqual([]);
    });

    it('still knows keys, types and words', () => {
      expect(faults(derived('{extends: acme, vendour: x}'))).toContain('/spec');
      expect(faults(derived('{extends: acme, parameters: [{name: collector, standard: x}]}'))).toContain(
        '/spec/parameters/0',
      );
      expect(faults(derived('{extends: acme, constraints: {os: [darwin]}}'))).toContain('/spec/constraints/os/0');
      expect(faults(derived('{extends: null}'))).toContain('/spec/extends');
      expect(faults(derived('{extends: acme, mounts: [{path: /a, remove: 1}]}'))).toContain('/spec/mounts/0/remove');
      expect(faults(parse(complete.replace('path: /acme', 'path: /acme, remove: true')))).toContain('/spec/mounts/0');
      expect(faults({ ...(derived('{extends: acme}') as object), metadata: {} })).toContain('/metadata');
    });
  });
});
