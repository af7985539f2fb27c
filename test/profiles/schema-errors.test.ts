import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { pathText } from '../../src/lib/text.ts';
import { parseProfile } from '../../src/profiles/parse.ts';

const complete = `
apiVersion: agent-injector.io/v1alpha1
kind: AgentProfile
metadata: {name: acme}
spec:
  vendor: Acme
  description: An agent
  documentation: https://acme.example.com/docs
  constraints: {os: [linux]}
  slots: [jvm-agent]
  parameters:
    - {name: collector, type: host, required: true, description: Where to}
    - {name: level, type: integer, minimum: 1, maximum: 3, default: 2, description: How much}
  conflicts:
    - {code: other, match: [{env: {name: [OTHER]}}], message: another one is there}
  deliveries:
    - {persistentVolumeClaim: {claimName: acme}}
    - {initContainer: {image: "acme:1", command: [cp], position: {before: proxy}}}
  mounts: [{path: /acme, readOnly: true}]
  environment:
    - {name: ACME, value: "\${collector}", when: {parameter: {name: collector}}}
    - {name: ACME_NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
    - {name: ACME_KEY, valueFrom: {secretKeyRef: {name: acme, key: key}}}
    - {name: OPTS, operation: append, separator: " ", value: -a}
  tests:
    - {name: plain, namespace: {collector: acme}, expect: {outcome: injected, environment: {ACME: acme}}}
`;

/** The problems of the document after the change, one line each. */
const problems = (from: string | RegExp, to: string): readonly string[] => {
  const text = complete.replace(from, to);
  expect(text).not.toBe(complete);
  const read = parseProfile(parse(text));
  return read.ok ? [] : read.error.map(({ path, message }) => `${pathText(path)}: ${message}`);
};

describe('messages for an invalid document', () => {
  it('there are none for a valid one', () => {
    expect(parseProfile(parse(complete))).toMatchObject({ ok: true });
  });

  it.each([
    [
      'an unknown field',
      'vendor: Acme',
      'vendor: Acme\n  vendour: x',
      'spec.vendour: unknown field; did you mean "vendor"?',
    ],
    [
      'an unknown field without a similar one',
      'vendor: Acme',
      'vendor: Acme\n  xxxxxxxxxx: x',
      /^spec\.xxxxxxxxxx: unknown field; the fields here are extends, vendor, description, /,
    ],
    [
      'an unknown field at the top',
      'kind: A',
      'parameters: []\nkind: A',
      'parameters: unknown field; the fields here are apiVersion, kind, metadata, spec',
    ],
    [
      'an unknown field in a list item',
      'claimName: acme',
      'claimName: acme, subpath: x',
      'spec.deliveries[0].persistentVolumeClaim.subpath: unknown field; did you mean "subPath"?',
    ],
    [
      'a field of another kind of delivery',
      'claimName: acme',
      'claimName: acme, command: [cp]',
      'spec.deliveries[0].persistentVolumeClaim.command: unknown field; the fields here are claimName, subPath, readOnly',
    ],
    [
      'a field whose name needs quotes',
      'vendor: Acme',
      'vendor: Acme\n  "ven dor": x',
      'spec["ven dor"]: unknown field; did you mean "vendor"?',
    ],
    ['a missing value', '  vendor: Acme\n', '', 'spec.vendor: is missing; it must be a string'],
    ['an empty value', 'vendor: Acme', 'vendor:', 'spec.vendor: is empty; it must be a string'],
    ['a number for a string', 'vendor: Acme', 'vendor: 7', 'spec.vendor: must be a string: write "7" in quotes'],
    ['a boolean for a string', 'vendor: Acme', 'vendor: true', 'spec.vendor: must be a string: write "true" in quotes'],
    ['a list for a string', 'vendor: Acme', 'vendor: [Acme]', 'spec.vendor: must be a string, not a list'],
    [
      'a string for a boolean',
      'required: true',
      'required: "true"',
      'spec.parameters[0].required: must be true or false: write it without quotes',
    ],
    [
      'a word for a boolean',
      'required: true',
      'required: please',
      'spec.parameters[0].required: must be true or false, not a string',
    ],
    [
      'a string for an integer',
      'maximum: 3',
      'maximum: "3"',
      'spec.parameters[1].maximum: must be an integer: write it without quotes',
    ],
    ['a fraction', 'maximum: 3', 'maximum: 3.5', 'spec.parameters[1].maximum: must be an integer, not a number'],
    ['a string for a list', 'os: [linux]', 'os: linux', 'spec.constraints.os: must be a list, not a string'],
    ['a string for an object', '{os: [linux]}', 'linux', 'spec.constraints: must be an object, not a string'],
    ['an empty list', 'os: [linux]', 'os: []', 'spec.constraints.os: must have at least one entry'],
    [
      'an empty string',
      'claimName: acme',
      'claimName: ""',
      'spec.deliveries[0].persistentVolumeClaim.claimName: must not be empty',
    ],
    [
      'an unknown word',
      'os: [linux]',
      'os: [linus]',
      'spec.constraints.os[0]: must be one of linux, windows; did you mean "linux"?',
    ],
    ['a wrong kind', 'kind: AgentProfile', 'kind: AgentProfil', 'kind: must be "AgentProfile"'],
    [
      'an unknown type',
      'type: host',
      'type: hots',
      /^spec\.parameters\[0\]\.type: must be one of string, word, host, .*; did you mean "host"\?$/,
    ],
    [
      'a missing type',
      'type: host, ',
      '',
      /^spec\.parameters\[0\]\.type: is missing; it must be one of string, word, /,
    ],
    [
      'an empty type',
      'type: host',
      'type: null',
      /^spec\.parameters\[0\]\.type: is empty; it must be one of string, word, /,
    ],
    [
      'an unknown operation',
      'operation: append',
      'operation: apend',
      'spec.environment[3].operation: must be one of set, force, append, prepend, merge; did you mean "append"?',
    ],
    [
      'an unknown condition',
      '{parameter: {name: collector}}',
      '{paramter: {name: collector}}',
      'spec.environment[0].when.paramter: unknown field; did you mean "parameter"?',
    ],
    [
      'no kind of delivery',
      '{persistentVolumeClaim: {claimName: acme}}',
      '{os: [linux]}',
      /^spec\.deliveries\[0\]: must have exactly one of persistentVolumeClaim, image, /,
    ],
    [
      'two kinds of delivery',
      '{claimName: acme}}',
      '{claimName: acme}, preinstalled: {}}',
      /^spec\.deliveries\[0\]: has persistentVolumeClaim and preinstalled: it must have exactly one of /,
    ],
    [
      'a misspelled kind of delivery',
      '{persistentVolumeClaim: {',
      '{persistentVolumeClaims: {',
      'spec.deliveries[0].persistentVolumeClaims: unknown field; did you mean "persistentVolumeClaim"?',
    ],
    [
      'two places of a matcher',
      '{env: {name: [OTHER]}}',
      '{env: {name: [OTHER]}, image: "*"}',
      /^spec\.conflicts\[0\]\.match\[0\]: has env and image: it must have exactly one of /,
    ],
    [
      'a string for a delivery',
      '{persistentVolumeClaim: {claimName: acme}}',
      'persistentVolumeClaim',
      'spec.deliveries[0]: must be an object, not a string',
    ],
    ['an invalid URL', 'https://acme.example.com/docs', 'acme', 'spec.documentation: must be a URL'],
    ['an invalid name', '{name: acme}', '{name: Acme!}', 'metadata.name: must be a DNS label of at most 53 characters'],
    [
      'a required reference',
      'key: key',
      'key: key, optional: false',
      'spec.environment[2].valueFrom.secretKeyRef.optional: a required reference could prevent the pod from starting: omit it or set it to true',
    ],
    [
      'an unknown reference',
      'secretKeyRef: {',
      'secretKeyReff: {',
      'spec.environment[2].valueFrom: must have one of the fields fieldRef, resourceFieldRef, secretKeyRef, configMapKeyRef; did you mean "secretKeyRef"?',
    ],
    [
      'a reference without a key',
      ', key: key',
      '',
      'spec.environment[2].valueFrom.secretKeyRef.key: is missing; it must be a string',
    ],
    [
      'an unknown field in a reference',
      'key: key',
      'key: key, nmae: x',
      'spec.environment[2].valueFrom.secretKeyRef.nmae: unknown field; did you mean "name"?',
    ],
    [
      'a string for a reference',
      '{secretKeyRef: {name: acme, key: key}}',
      'acme',
      'spec.environment[2].valueFrom: must be an object',
    ],
    [
      'an invalid position',
      'position: {before: proxy}',
      'position: frist',
      'spec.deliveries[1].initContainer.position: must be first or last or an object',
    ],
    [
      'an empty position',
      'before: proxy',
      'before: ""',
      'spec.deliveries[1].initContainer.position.before: must not be empty',
    ],
    [
      'a position with an unknown field',
      'before: proxy',
      'bevor: proxy',
      'spec.deliveries[1].initContainer.position: must have the field before; did you mean "before"?',
    ],
    [
      'a number for names',
      'name: [OTHER]',
      'name: 1',
      'spec.conflicts[0].match[0].env.name: must be a string or a list: write "1" in quotes',
    ],
    ['an empty name', 'name: [OTHER]', 'name: ""', 'spec.conflicts[0].match[0].env.name: must not be empty'],
    [
      'an unquoted setting of a test',
      'collector: acme}',
      'domain-id: 7}',
      'spec.tests[0].namespace.domain-id: must be a string: write "7" in quotes',
    ],
    [
      'an unquoted expectation',
      'ACME: acme',
      'ACME: 7',
      'spec.tests[0].expect.environment.ACME: must be a string or null or an object: write "7" in quotes',
    ],
  ])('%s', (_, from, to, expected) => {
    const found = problems(from, to);
    expect(found).toEqual([expected instanceof RegExp ? expect.stringMatching(expected) : expected]);
  });

  it('all errors are reported', () => {
    const text = complete
      .replace('vendor: Acme', 'vendour: Acme')
      .replace('os: [linux]', 'os: [linus]')
      .replace('claimName: acme', 'claimname: acme, subpath: a');
    const read = parseProfile(parse(text));
    expect(read.ok ? [] : read.error.map(({ path, at }) => [pathText(path), at])).toEqual([
      ['spec.vendor', undefined],
      ['spec.constraints.os[0]', undefined],
      ['spec.deliveries[0].persistentVolumeClaim.claimName', undefined],
      ['spec.deliveries[0].persistentVolumeClaim.claimname', 'key'],
      ['spec.deliveries[0].persistentVolumeClaim.subpath', 'key'],
      ['spec.vendour', 'key'],
    ]);
  });

  it.each([undefined, null, 7, 'text', [], {}])('%s is not a profile', (document) => {
    const read = parseProfile(document);
    expect(read.ok ? [] : read.error.map(({ message }) => message)[0]).toMatch(
      /^(is missing|is empty|must be an object)/,
    );
  });
});

it.each(['sidecar', 'shareProcessNamespace'])('%s is answered with what a profile is for', (field) => {
  const [problem = '', ...others] = problems('  slots:', `  ${field}: x\n  slots:`);
  expect(others).toEqual([]);
  expect(problem).toMatch(/unknown field: .*no sidecar/);
});
