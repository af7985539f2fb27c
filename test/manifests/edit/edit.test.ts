import { describe, expect, test } from 'vitest';
import type { Json } from '../../../src/lib/json.ts';
import type { Operation } from '../../../src/lib/json-patch.ts';
import { type Manifest, parseManifest } from '../../../src/manifests/documents.ts';
import { editManifest } from '../../../src/manifests/edit/edit.ts';

const add = (path: string, value: Json): Operation => ({ op: 'add', path, value });
const replace = (path: string, value: Json): Operation => ({ op: 'replace', path, value });

function read(text: string): Manifest {
  const parsed = parseManifest(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

/** Applies the same operations to every pod of the text. */
function edit(text: string, ...operations: readonly Operation[]): ReturnType<typeof editManifest> {
  const manifest = read(text);
  return editManifest(
    manifest,
    manifest.templates.map((template) => ({ template, operations })),
  );
}

function after(text: string, ...operations: readonly Operation[]): string {
  const edited = edit(text, ...operations);
  if (!edited.ok) throw new Error(JSON.stringify(edited.error));
  expect(edited.value.reformatted).toEqual([]);
  return edited.value.text;
}

/** A Pod whose container has these lines. */
const pod = (...lines: readonly string[]): string =>
  ['apiVersion: v1', 'kind: Pod', 'spec:', '  containers:', '  - name: c', ...lines, ''].join('\n');

const ENV = '/spec/containers/0/env';
const A = { name: 'A', value: '1' };

describe('insertion into blocks', () => {
  test.each<[what: string, before: string[], operations: Operation[], result: string[]]>([
    [
      'a list level with its key',
      ['    env:', '    - name: X', '    tty: true'],
      [add(`${ENV}/-`, A)],
      ['    env:', '    - name: X', '    - name: A', '      value: "1"', '    tty: true'],
    ],
    [
      'a deeply indented list',
      ['    env:', '        -   name: X', '            value: y', '    tty: true'],
      [add(`${ENV}/-`, A)],
      [
        '    env:',
        '        -   name: X',
        '            value: y',
        '        - name: A',
        '          value: "1"',
        '    tty: true',
      ],
    ],
    [
      'before the first element, above its comment',
      ['    env: # of the app', '    # about X', '    - name: X'],
      [add(`${ENV}/0`, A)],
      ['    env: # of the app', '    - name: A', '      value: "1"', '    # about X', '    - name: X'],
    ],
    [
      'between two elements: a comment deeper than the dashes belongs to the element above, a level one to the element below',
      ['    env:', '    - name: X', '      # of X', '', '    # of Y', '    - name: Y'],
      [add(`${ENV}/1`, A)],
      [
        '    env:',
        '    - name: X',
        '      # of X',
        '    - name: A',
        '      value: "1"',
        '',
        '    # of Y',
        '    - name: Y',
      ],
    ],
    [
      'behind the last element and its own comments',
      [
        '    env:',
        '    - name: X # x',
        '      #\tdeeper, with a tab',
        '    # - name: OFF',
        '  # - name: another',
        '# end',
      ],
      [add(`${ENV}/-`, A)],
      [
        '    env:',
        '    - name: X # x',
        '      #\tdeeper, with a tab',
        '    - name: A',
        '      value: "1"',
        '    # - name: OFF',
        '  # - name: another',
        '# end',
      ],
    ],
    [
      'a missing list, indented like its neighbours',
      ['    ports:', '      - containerPort: 1'],
      [add(ENV, [A]), add(`${ENV}/-`, { name: 'B', valueFrom: { fieldRef: { fieldPath: 'x' } } })],
      [
        '    ports:',
        '      - containerPort: 1',
        '    env:',
        '      - name: A',
        '        value: "1"',
        '      - name: B',
        '        valueFrom:',
        '          fieldRef:',
        '            fieldPath: x',
      ],
    ],
    [
      'a key alone, with a comment',
      ['    env: # nothing yet', '    tty: true'],
      [add(ENV, [A])],
      ['    env: # nothing yet', '    - name: A', '      value: "1"', '    tty: true'],
    ],
    [
      'an explicit null',
      ['    env: null # why', '    tty: ~'],
      [add(ENV, [A])],
      ['    env: # why', '    - name: A', '      value: "1"', '    tty: ~'],
    ],
    [
      'empty brackets',
      ['    env: [] # why', '    securityContext:', '      {}'],
      [add(`${ENV}/-`, A), add('/spec/containers/0/securityContext/runAsUser', 0)],
      ['    env: # why', '    - name: A', '      value: "1"', '    securityContext:', '      runAsUser: 0'],
    ],
    [
      'behind block scalars, whatever they contain',
      [
        '    args:',
        '    - |',
        '      - name: X',
        '      # no comment',
        '',
        '    - >+',
        '      kept',
        '',
        '',
        '  # end',
      ],
      [add('/spec/containers/0/args/-', 'x')],
      [
        '    args:',
        '    - |',
        '      - name: X',
        '      # no comment',
        '',
        '    - >+',
        '      kept',
        '',
        '',
        '    - x',
        '  # end',
      ],
    ],
    [
      'a list with an anchor, and a merge key',
      ['    env: &own', '    - &x {name: X}', '    resources: {<<: *x, cpu: 1}'],
      [add(`${ENV}/-`, A), add('/spec/containers/0/resources/name', 'over'), add('/spec/containers/0/env/0', A)].slice(
        0,
        2,
      ),
      [
        '    env: &own',
        '    - &x {name: X}',
        '    - name: A',
        '      value: "1"',
        '    resources: {<<: *x, cpu: 1, name: over}',
      ],
    ],
  ])('%s', (_, before, operations, result) => {
    expect(after(pod(...before), ...operations)).toBe(pod(...result));
  });

  test('in several documents changes nothing else, and keeps the line breaks of the file', () => {
    const text = `# top
%YAML 1.1
---   # first
apiVersion: apps/v1
kind: Deployment
metadata:   {name: 'a'}
spec:
    template:
        metadata:
            annotations:
                prometheus.io/port: "80"   # why

        spec:
            containers:
            - image: "x"
              name: c
...
# between
---
unrelated:   [1,2]
---
apiVersion: v1
kind: Pod
spec:
  containers:
    - name: c`.replaceAll('\n', '\r\n');
    const result = `# top
%YAML 1.1
---   # first
apiVersion: apps/v1
kind: Deployment
metadata:   {name: 'a'}
spec:
    template:
        metadata:
            annotations:
                prometheus.io/port: "80"   # why
                agent-injector.io/status: '{"a":1}'

        spec:
            containers:
            - image: "x"
              name: c
              env:
              - name: A
                value: "1"
            volumes:
            - name: v
              emptyDir: {}
...
# between
---
unrelated:   [1,2]
---
apiVersion: v1
kind: Pod
spec:
  containers:
    - name: c
      env:
        - name: A
          value: "1"
  volumes:
    - name: v
      emptyDir: {}`.replaceAll('\n', '\r\n');
    const manifest = read(text);
    const both = [add(ENV, [A]), add('/spec/volumes', [{ name: 'v', emptyDir: {} }])];
    const edits = manifest.templates.map((template, index) => ({
      template,
      operations: index === 0 ? [add('/metadata/annotations/agent-injector.io~1status', '{"a":1}'), ...both] : both,
    }));
    const edited = editManifest(manifest, edits.toReversed());
    expect(edited).toEqual({ ok: true, value: { text: result, reformatted: [] } });
  });

  test('does not change the operations', () => {
    const operations = [add(ENV, [A]), add(`${ENV}/-`, A)];
    const before = structuredClone(operations);
    after(pod(), ...operations);
    expect(operations).toEqual(before);
  });
});

function withValue(value: string): string {
  return pod('    tty: &v 1', '    env:', '    - name: X', `      value: ${value}`, '      # end');
}

describe('a string stays a string for every parser', () => {
  test.each([
    ['5000', '"5000"'],
    ['true', '"true"'],
    ['off', '"off"'],
    ['n', '"n"'],
    ['0755', '"0755"'],
    ['1:30', '"1:30"'],
    ['1e3', '"1e3"'],
    ['', '""'],
    ['~', '"~"'],
    ['{6C7C}', '"{6C7C}"'],
    ['a: b', '"a: b"'],
    ['a #b', '"a #b"'],
    ['{"a":"b"}', `'{"a":"b"}'`],
    ['$(X) more', '$(X) more'],
    ['two\nlines', '"two\\nlines"'],
    ['line separator', '"\\u2028"'],
    ['C:\\agent', 'C:\\agent'],
    ["it's", "it's"],
  ])('%j', (value, written) => {
    const real = value === 'line separator' ? '\u2028' : value;
    expect(after(pod('    env:', '    - name: X'), add(`${ENV}/0/value`, real))).toBe(
      pod('    env:', '    - name: X', `      value: ${written}`),
    );
  });

  test.each([
    ["'x'", "'x;y'"],
    ['"x"', '"x;y"'],
    ['x', 'x;y'],
    ['*v', 'x;y'],
    ['>-\n        x\n        # text', 'x;y'],
    ['', 'x;y'],
  ])('replaced, with the quotes it had: %j', (before, result) => {
    expect(after(withValue(before).replace('value: \n', 'value:\n'), replace(`${ENV}/0/value`, 'x;y'))).toBe(
      withValue(result),
    );
  });
});

function podObject(extra: object): object {
  return { apiVersion: 'v1', kind: 'Pod', spec: { volumes: [], containers: [{ name: 'c', ...extra }] } };
}

describe('insertion into brackets', () => {
  test.each<[what: string, before: string[], operations: Operation[], result: string[]]>([
    [
      'that contain only a comment',
      ['    env: [', '      # nothing yet', '    ]'],
      [add(`${ENV}/-`, A)],
      ['    env: [', '      # nothing yet', '      {name: A, value: "1"}', '    ]'],
    ],
    [
      'with a comment behind the opening bracket',
      ['    env: [ # nothing yet', '      ]'],
      [add(ENV, [A])],
      ['    env: [ # nothing yet', '      {name: A, value: "1"}', '      ]'],
    ],
    ['on one line', ['    env: [{name: X}]'], [add(`${ENV}/-`, A)], ['    env: [{name: X}, {name: A, value: "1"}]']],
    [
      'with padding',
      ['    env: [ { name: X } ]'],
      [add(`${ENV}/-`, A)],
      ['    env: [ { name: X }, { name: A, value: "1" } ]'],
    ],
    [
      'with a trailing comma',
      ['    args: [a, b,]'],
      [add('/spec/containers/0/args/-', 'c,d')],
      ['    args: [a, b, "c,d",]'],
    ],
    ['at the front', ['    args: [ a, b]'], [add('/spec/containers/0/args/0', 'c')], ['    args: [ c, a, b]']],
    ['a key', ['    env: [{name: X}]'], [add(`${ENV}/0/value`, 'yes')], ['    env: [{name: X, value: "yes"}]']],
    [
      'a value',
      ['    env: [{name: X, value: }]'],
      [replace(`${ENV}/0/value`, { a: [1] })],
      ['    env: [{name: X, value: {a: [1]} }]'],
    ],
    [
      'over several lines, with comments',
      ['    env: [', '      {name: X}, # x', '      {name: Y} # y', '      # end', '    ]'],
      [add(`${ENV}/-`, A), add(`${ENV}/1`, A), add(`${ENV}/0`, A)],
      [
        '    env: [',
        '      {name: A, value: "1"},',
        '      {name: X}, # x',
        '      {name: A, value: "1"},',
        '      {name: Y}, # y',
        '      {name: A, value: "1"}',
        '      # end',
        '    ]',
      ],
    ],
  ])('%s', (_, before, operations, result) => {
    expect(after(pod(...before), ...operations)).toBe(pod(...result));
  });

  test.each([
    ['four spaces', 4, '\n'],
    ['tabs', '\t', '\n'],
    ['Windows line breaks', 2, '\r\n'],
    ['one line', 0, '\n'],
  ])('of JSON keeps the style: %s', (_, step, eol) => {
    const json = (value: object): string => `${JSON.stringify(value, null, step).replaceAll('\n', eol)}${eol}`;
    const operations = [
      add(ENV, [A]),
      add('/spec/volumes/-', { name: 'v', emptyDir: {} }),
      add('/spec/containers/0/tty', true),
    ];
    const wanted = {
      apiVersion: 'v1',
      kind: 'Pod',
      spec: { volumes: [{ name: 'v', emptyDir: {} }], containers: [{ name: 'c', env: [A], tty: true }] },
    };
    expect(after(json(podObject({})), ...operations)).toBe(json(wanted));
    expect(after(json(podObject({ env: [A] })), add(`${ENV}/-`, A), add(`${ENV}/0`, 1))).toBe(
      json(podObject({ env: [1, A, A] })),
    );
  });
});

describe('shared text is not changed', () => {
  test.each<[what: string, lines: string[], operation: Operation, line: number, facts: RegExp]>([
    [
      'an anchor',
      ['    env: &e', '    - name: X', '  - name: d', '    env: *e'],
      add(`${ENV}/-`, A),
      7,
      /^spec\.containers\[0\]\.env .*&e.* line 9/,
    ],
    [
      'an alias',
      ['    env: &e', '    - name: X', '  - name: d', '    env: *e'],
      add('/spec/containers/1/env/-', A),
      9,
      /^spec\.containers\[1\]\.env .*\*e/,
    ],
    ['a merge key', ['    <<: {env: [{name: X}]}'], add(`${ENV}/-`, A), 5, /^spec\.containers\[0\]\.env .*<</],
    [
      'an anchored value',
      ['    image: &i x', '    tty: *i'],
      replace('/spec/containers/0/image', 'y'),
      6,
      /^spec\.containers\[0\]\.image .*&i.* line 7/,
    ],
  ])('%s', (_, lines, operation, line, facts) => {
    const message = expect.stringMatching(facts);
    expect(edit(pod(...lines), operation)).toMatchObject({
      ok: false,
      error: [{ line, message, template: { kind: 'Pod' } }],
    });
  });

  test('except for an alias that is replaced as a whole, an unused anchor, and a merged key that is set', () => {
    const text = pod('    image: &i x', '    tty: *i', '    env: &e [{name: X}]', '    <<: {args: [a]}');
    const operations = [
      replace('/spec/containers/0/tty', true),
      add(`${ENV}/-`, A),
      add('/spec/containers/0/args', ['b']),
    ];
    expect(after(text, ...operations)).toBe(
      pod(
        '    image: &i x',
        '    tty: true',
        '    env: &e [{name: X}, {name: A, value: "1"}]',
        '    <<: {args: [a]}',
        '    args:',
        '    - b',
      ),
    );
  });

  test('an operation that does not apply is a problem of its pod', () => {
    const edited = edit(`# x\n${pod()}`, add('/spec/nowhere/-', A));
    expect(edited).toMatchObject({
      ok: false,
      error: [{ line: 2, message: expect.stringContaining('/spec/nowhere/-') }],
    });
  });
});

describe('a document with unsupported syntax', () => {
  const text = `# top\n%YAML 1.1\n---\n# first\n${pod('    ? tty # odd', '    image: x # kept')}# end\n---\nother:   {a:   1}\n`;

  test('is reformatted, and its line reported', () => {
    const edited = edit(
      text,
      add('/spec/containers/0/tty', true),
      add('/spec/containers/0/env', [A]),
      add(`${ENV}/0`, A),
      replace(`${ENV}/0`, A),
    );
    expect(edited).toMatchObject({ ok: true, value: { reformatted: [5] } });
    const written = edited.ok ? edited.value.text : '';
    expect(written).toMatch(/^# top\n%YAML 1.1\n---\n# first\napiVersion: v1\n/);
    expect(written).toMatch(/image: x # kept/);
    expect(written.match(/# end/g)).toHaveLength(1);
    expect(written.endsWith('---\nother:   {a:   1}\n')).toBe(true);
  });

  test('leaves the other documents unchanged', () => {
    const fine = pod('    env:   []   # x');
    const edited = edit(`${fine}---\n${pod('    ? env')}`.replaceAll('\n', '\r\n'), add(ENV, [A]));
    const lines = ['    env:   # x', '    - name: A', '      value: "1"'];
    expect(edited.ok && edited.value.text.startsWith(`${pod(...lines)}---\n`.replaceAll('\n', '\r\n'))).toBe(true);
    expect(edited.ok && /[^\r]\n/.test(edited.value.text)).toBe(false);
  });
});
