import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { pathText } from '../../src/lib/text.ts';
import { readProfile } from '../../src/profiles/parse.ts';

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
    - {code: other, signs: [{in: environment, name: [OTHER]}], message: another one is there}
  deliveries:
    - {type: persistentVolumeClaim, claimName: acme}
    - {type: initContainer, image: "acme:1", command: [cp], position: {before: proxy}}
  mounts: [{path: /acme, readOnly: true}]
  environment:
    - {name: ACME, value: "\${collector}", when: {if: parameter, name: collector}}
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
  const read = readProfile(parse(text));
  return read.ok ? [] : read.problems.map(({ path, message }) => `${pathText(path)}: ${message}`);
};

describe('what is said of a document that is no profile', () => {
  it('says nothing of one that is', () => {
    expect(readProfile(parse(complete))).toMatchObject({ ok: true });
  });

  it.each([
    [
      'an unknown key',
      'vendor: Acme',
      'vendor: Acme\n  vendour: x',
      'spec.vendour: is no known key here; did you mean "vendor"?',
    ],
    [
      'one that is like none',
      'vendor: Acme',
      'vendor: Acme\n  xxxxxxxxxx: x',
      /^spec\.xxxxxxxxxx: is no known key here; there are extends, vendor, description, /,
    ],
    [
      'one at the top',
      'kind: A',
      'parameters: []\nkind: A',
      'parameters: is no known key here; there are apiVersion, kind, metadata, spec',
    ],
    [
      'one in a list',
      'claimName: acme',
      'claimName: acme, subpath: x',
      'spec.deliveries[0].subpath: is no known key here; did you mean "subPath"?',
    ],
    [
      'one of another kind',
      'claimName: acme',
      'claimName: acme, command: [cp]',
      'spec.deliveries[0].command: is no known key here; there are name, os, type, claimName, subPath, readOnly',
    ],
    [
      'one with a strange name',
      'vendor: Acme',
      'vendor: Acme\n  "ven dor": x',
      'spec["ven dor"]: is no known key here; did you mean "vendor"?',
    ],
    ['what is missing', '  vendor: Acme\n', '', 'spec.vendor: is missing; it must be a string'],
    ['what is empty', 'vendor: Acme', 'vendor:', 'spec.vendor: is empty; it must be a string'],
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
    ['an empty string', 'claimName: acme', 'claimName: ""', 'spec.deliveries[0].claimName: must not be empty'],
    [
      'a word that is none of those',
      'os: [linux]',
      'os: [linus]',
      'spec.constraints.os[0]: must be one of linux, windows; did you mean "linux"?',
    ],
    ['another kind', 'kind: AgentProfile', 'kind: AgentProfil', 'kind: must be "AgentProfile"'],
    [
      'another type',
      'type: host',
      'type: hots',
      /^spec\.parameters\[0\]\.type: must be one of string, word, host, .*; did you mean "host"\?$/,
    ],
    ['no type', 'type: host, ', '', /^spec\.parameters\[0\]\.type: is missing; it must be one of string, word, /],
    [
      'an empty type',
      'type: host',
      'type: null',
      /^spec\.parameters\[0\]\.type: is empty; it must be one of string, word, /,
    ],
    [
      'another operation',
      'operation: append',
      'operation: apend',
      'spec.environment[3].operation: must be one of set, force, append, prepend, merge; did you mean "append"?',
    ],
    [
      'another condition',
      'if: parameter',
      'if: parm',
      /^spec\.environment\[0\]\.when\.if: must be one of parameter, readOnlyRootFilesystem, readOnlyFiles/,
    ],
    [
      'a delivery that is none',
      '{type: persistentVolumeClaim, claimName: acme}',
      'persistentVolumeClaim',
      'spec.deliveries[0]: must be an object, not a string',
    ],
    ['no URL', 'https://acme.example.com/docs', 'acme', 'spec.documentation: must be a URL'],
    ['no name', '{name: acme}', '{name: Acme!}', 'metadata.name: must be a DNS label of at most 53 characters'],
    [
      'a reference that may fail',
      'key: key',
      'key: key, optional: false',
      'spec.environment[2].valueFrom.secretKeyRef.optional: a required reference could prevent the pod from starting: omit it or set it to true',
    ],
    [
      'an unknown reference',
      'secretKeyRef: {',
      'secretKeyReff: {',
      'spec.environment[2].valueFrom: must have one of fieldRef, resourceFieldRef, secretKeyRef, configMapKeyRef; did you mean "secretKeyRef"?',
    ],
    [
      'a key missing in a reference',
      ', key: key',
      '',
      'spec.environment[2].valueFrom.secretKeyRef.key: is missing; it must be a string',
    ],
    [
      'an unknown key in a reference',
      'key: key',
      'key: key, nmae: x',
      'spec.environment[2].valueFrom.secretKeyRef.nmae: is no known key here; did you mean "name"?',
    ],
    [
      'no reference',
      '{secretKeyRef: {name: acme, key: key}}',
      'acme',
      'spec.environment[2].valueFrom: must be an object',
    ],
    [
      'no position',
      'position: {before: proxy}',
      'position: frist',
      'spec.deliveries[1].position: must be first or last or an object',
    ],
    ['an empty position', 'before: proxy', 'before: ""', 'spec.deliveries[1].position.before: must not be empty'],
    [
      'a position of another kind',
      'before: proxy',
      'bevor: proxy',
      'spec.deliveries[1].position: must have one of before; did you mean "before"?',
    ],
    [
      'names that are none',
      'name: [OTHER]',
      'name: 1',
      'spec.conflicts[0].signs[0].name: must be a string or a list: write "1" in quotes',
    ],
    ['an empty name', 'name: [OTHER]', 'name: ""', 'spec.conflicts[0].signs[0].name: must not be empty'],
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

  it('gathers everything', () => {
    const text = complete
      .replace('vendor: Acme', 'vendour: Acme')
      .replace('os: [linux]', 'os: [linus]')
      .replace('claimName: acme', 'claimname: acme, subpath: a');
    const read = readProfile(parse(text));
    expect(read.ok ? [] : read.problems.map(({ path, at }) => [pathText(path), at])).toEqual([
      ['spec.vendor', undefined],
      ['spec.constraints.os[0]', undefined],
      ['spec.deliveries[0].claimName', undefined],
      ['spec.deliveries[0].claimname', 'key'],
      ['spec.deliveries[0].subpath', 'key'],
      ['spec.vendour', 'key'],
    ]);
  });

  it.each([undefined, null, 7, 'text', [], {}])('finds %s no profile', (document) => {
    const read = readProfile(document);
    expect(read.ok ? [] : read.problems.map(({ message }) => message)[0]).toMatch(
      /^(is missing|is empty|must be an object)/,
    );
  });
});
