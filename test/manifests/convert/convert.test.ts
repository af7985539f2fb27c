import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { convertText } from '../../../src/manifests/convert/convert.ts';
import { earlierWords } from '../../../src/profiles/earlier-words/find.ts';
import { parseProfile } from '../../../src/profiles/parse.ts';

const folder = join(import.meta.dirname, '../../support/earlier-words');
const before = readFileSync(join(folder, 'before.yaml'), 'utf8');
const after = readFileSync(join(folder, 'after.yaml'), 'utf8');

const small = (spec: string): string =>
  `apiVersion: agent-injector.io/v1alpha1\nkind: AgentProfile\nmetadata: {name: acme}\nspec:\n${spec}`;

describe('a profile with words of earlier versions', () => {
  it('gets those of now, and keeps its comments and its layout', () => {
    const { text, problems, profiles } = convertText(before);
    expect({ text, problems, profiles }).toEqual({ text: after, problems: [], profiles: 1 });
  });

  it('is then a valid profile, and stays as it is', () => {
    expect(parseProfile(parse(after))).toMatchObject({ ok: true });
    expect(convertText(after)).toEqual({ text: after, changes: [], problems: [], profiles: 1 });
  });

  it('says each change, with its place', () => {
    const { changes } = convertText(before);
    const lines = before.split('\n');
    expect(changes).toHaveLength(earlierWords(parse(before)).length);
    for (const { line, column, message } of changes) {
      const word = /^"([^":]+)/.exec(message)?.[1] ?? '?';
      expect(lines[line - 1]?.slice(column - 1).replace(/^["']/, ''), message).toMatch(new RegExp(`^${word}\\b`));
    }
  });

  it('is converted with Windows line ends, too', () => {
    const crlf = (text: string): string => text.replaceAll('\n', '\r\n');
    expect(convertText(crlf(before)).text).toBe(crlf(after));
  });

  it.each([2, undefined])('is converted as JSON, with an indentation of %s', (indent) => {
    const { text, problems } = convertText(JSON.stringify(parse(before), undefined, indent));
    expect(problems).toEqual([]);
    expect(JSON.parse(text)).toEqual(parse(after));
  });

  const indented = (text: string): string => text.replaceAll(/^(?=.)/gm, '    ');

  it('is converted in a ConfigMap, whose other lines stay', () => {
    const map = (profile: string): string =>
      `apiVersion: v1\nkind: ConfigMap\ndata:\n  # ours\n  acme.yaml: |\n${indented(profile)}  notes: in the lab\n`;
    const { text, changes } = convertText(map(before));
    expect(text).toBe(map(after));
    const [first] = changes;
    expect(first).toMatchObject({ line: 5 + 20, column: 4 + 7 });
  });

  it.each([
    ['in quotes', (text: string) => JSON.stringify({ kind: 'ConfigMap', data: { 'acme.yaml': text } })],
    ['without a line end', (text: string) => `data:\n  acme.yaml: |-\n${indented(text.trimEnd())}\n`],
    ['in the values of the chart', (text: string) => `profiles:\n  acme: |\n${indented(text)}injection: "on"\n`],
    ['in a List', (text: string) => stringify({ kind: 'List', items: [parse(text)] })],
  ])('is converted %s', (_, wrap) => {
    const { text, problems } = convertText(wrap(before));
    expect(problems).toEqual([]);
    expect(parse(text)).toEqual(parse(wrap(after)));
  });

  it.each([
    ['with an error', `${before}broken: [\n`],
    ['with a key that is there twice', before.replace(/^spec:$/m, 'kind: AgentProfile\nspec:')],
    ['as a template of Helm', before.replace(/^spec:$/m, '{{- if .Values.acme }}\nspec:')],
  ])('is left as it is in a text %s, and this is said', (_, inner) => {
    const map = `data:\n  acme.yaml: |\n${indented(inner)}`;
    const { text, changes, problems } = convertText(map);
    expect({ text, changes }).toEqual({ text: map, changes: [] });
    expect(problems.length).toBeGreaterThan(0);
  });

  it('is left as it is where its text is folded, and this is said', () => {
    const folded = `data:\n  acme.yaml: >\n${indented(before)}`;
    const { text, changes, problems } = convertText(folded.replaceAll('\n', '\n\n'));
    expect({ text, changes }).toEqual({ text: folded.replaceAll('\n', '\n\n'), changes: [] });
    expect(problems[0]?.message).toContain('by hand');
  });
});

it('a matcher that an alias repeats is changed once, where it is written', () => {
  const { text, problems } = convertText(
    small('  containers:\n    include: [&java {in: image, matches: "*java*"}]\n    exclude: [*java]\n'),
  );
  expect(problems).toEqual([]);
  expect(text).toContain('include: [&java {image: "*java*"}]\n    exclude: [*java]');
});

it('text that two places share is left as it is if it would mean two things', () => {
  const shared = small('  vendor: &shared {in: image, matches: x}\n  containers: {include: [*shared]}\n');
  const { text, problems } = convertText(shared);
  expect({ text, says: problems.length > 0 }).toEqual({ text: shared, says: true });
});

it('what takes an inherited delivery out keeps its name only', () => {
  const { text } = convertText(
    small('  extends: base\n  deliveries: [{type: baked, remove: true}, {type: csi, remove: true}]\n'),
  );
  expect(text).toContain('deliveries: [{name: preinstalled, remove: true}, {name: csi, remove: true}]');
});

it('a field of a delivery whose kind the profile does not say is left to its author, and the rest is changed', () => {
  const { text, problems } = convertText(
    small('  extends: base\n  deliveries: [{name: own, image: x}, {type: hostPath, path: /x}]\n'),
  );
  expect(text).toContain('deliveries: [{name: own, image: x}, {hostPath: {path: /x}}]');
  expect(problems).toMatchObject([{ line: 6, message: expect.stringContaining('"image"') as string }]);
});

it('the name "baked" of a delivery stays, and so does what refers to it', () => {
  const text = small(
    '  deliveries: [{name: baked, preinstalled: {}}]\n  tests: [{namespace: {delivery: baked}, expect: {delivery: baked}}]\n',
  );
  expect(convertText(text)).toEqual({ text, changes: [], problems: [], profiles: 1 });
});

it.each([
  ['another kind', 'apiVersion: v1\nkind: Pod\nspec: {writable: [], signs: []}\n'],
  ['another group', 'apiVersion: example.com/v1\nkind: AgentProfile\nspec: {writable: []}\n'],
  ['a text about profiles', 'note: |\n  kind: AgentProfile: [\n'],
  ['nothing', ''],
])('%s stays as it is', (_, text) => expect(convertText(text)).toMatchObject({ text, changes: [], problems: [] }));
