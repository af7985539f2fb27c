import { describe, expect, test } from 'vitest';
import type { Json } from '../../../src/lib/json.ts';
import type { Operation } from '../../../src/lib/json-patch.ts';
import { type Manifest, parseManifest } from '../../../src/manifests/documents.ts';
import { applyOperations, type Edited } from '../../../src/manifests/edit/edit.ts';

const add = (path: string, value: Json): Operation => ({ op: 'add', path, value });
const replace = (path: string, value: Json): Operation => ({ op: 'replace', path, value });

function read(text: string): Manifest {
  const parsed = parseManifest(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.manifest;
}

/** The same operations on every pod of the text. */
function edit(text: string, ...operations: readonly Operation[]): Edited {
  const manifest = read(text);
  return applyOperations(
    manifest,
    manifest.templates.map((template) => ({ template, operations })),
  );
}

function after(text: string, ...operations: readonly Operation[]): string {
  const edited = edit(text, ...operations);
  if (!edited.ok) throw new Error(JSON.stringify(edited.problems));
  expect(edited.reformatted).toEqual([]);
  return edited.text;
}

/** A Pod whose container has these lines, each indented as the list is. */
const pod = (...lines: readonly string[]): string =>
  ['apiVersion: v1', 'kind: Pod', 'spec:', '  containers:', '  - name: c', ...lines, ''].join('\n');

const ENV = '/spec/containers/0/env';
const A = { name: 'A', value: '1' };

describe('into blocks', () => {
  test.each<[what: string, before: string[], operations: Operation[], result: string[]]>([
    [
      'a list level with its key',
      ['    env:', '    - name: X', '    tty: true'],
      [add(`${ENV}/-`, A)],
      ['    env:', '    - name: X', '    - name: A', '      value: "1"', '    tty: true'],
    ],
    [
      'a list further in, by far',
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
      'between two elements: a comment deeper than the dashes belongs to the one above, a level one to the one below',
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
      'an absent list, indented as its neighbours',
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
      'null, in words',
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
      'behind text blocks, which may look like anything',
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
      'an anchor of its own, and a merge key',
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

  test('several places, several documents: nothing else changes, with the line ends and the missing last one of the file', () => {
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
    const edited = applyOperations(manifest, edits.toReversed());
    expect(edited).toMatchObject({ ok: true, text: result, reformatted: [] });
  });

  test('the changes that are given undo the edit to the byte', () => {
    const text = pod('    env: [] # x', '    ports: null');
    const edited = edit(
      text,
      add(`${ENV}/-`, A),
      add('/spec/containers/0/ports', [{ a: 1 }]),
      add('/spec/volumes', []),
    );
    if (!edited.ok) throw new Error('not edited');
    let undone = '';
    let done = 0;
    let written = 0;
    for (const { offset, removed, inserted } of edited.changes) {
      undone += edited.text.slice(written, written + offset - done) + removed;
      written += offset - done + inserted.length;
      done = offset + removed.length;
    }
    undone += edited.text.slice(written);
    expect(undone).toBe(text);
  });

  test('operations are left as they were given', () => {
    const operations = [add(ENV, [A]), add(`${ENV}/-`, A)];
    const before = structuredClone(operations);
    after(pod(), ...operations);
    expect(operations).toEqual(before);
  });
});

function withValue(value: string): string {
  return pod('    tty: &v 1', '    env:', '    - name: X', `      value: ${value}`, '      # end');
}

describe('a string stays a string, whoever reads it', () => {
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

describe('into brackets', () => {
  test.each<[what: string, before: string[], operations: Operation[], result: string[]]>([
    [
      'that hold nothing but a comment',
      ['    env: [', '      # nothing yet', '    ]'],
      [add(`${ENV}/-`, A)],
      ['    env: [', '      # nothing yet', '      {name: A, value: "1"}', '    ]'],
    ],
    [
      'that hold a comment behind the bracket',
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
      'with a last comma',
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
      'over lines, with comments',
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
    ['four blanks', 4, '\n'],
    ['tabs', '\t', '\n'],
    ['Windows line ends', 2, '\r\n'],
    ['one line', 0, '\n'],
  ])('of JSON stays the JSON it was: %s', (_, step, eol) => {
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

describe('what stands once and counts twice is not touched', () => {
  test.each<[what: string, lines: string[], operation: Operation, problem: { line: number; message: string }]>([
    [
      'an anchor',
      ['    env: &e', '    - name: X', '  - name: d', '    env: *e'],
      add(`${ENV}/-`, A),
      {
        line: 7,
        message:
          'spec.containers[0].env has the anchor &e, which line 9 uses too: a change would reach both, so write one out',
      },
    ],
    [
      'an alias',
      ['    env: &e', '    - name: X', '  - name: d', '    env: *e'],
      add('/spec/containers/1/env/-', A),
      {
        line: 9,
        message: 'spec.containers[1].env is the alias *e: a change would reach all that share it, so write it out here',
      },
    ],
    [
      'a merge key',
      ['    <<: {env: [{name: X}]}'],
      add(`${ENV}/-`, A),
      {
        line: 5,
        message:
          'spec.containers[0].env comes from a merge key (<<): a change would reach all that share it, so write it out here',
      },
    ],
    [
      'a value that others repeat',
      ['    image: &i x', '    tty: *i'],
      replace('/spec/containers/0/image', 'y'),
      {
        line: 6,
        message:
          'spec.containers[0].image has the anchor &i, which line 7 uses too: a change would reach both, so write one out',
      },
    ],
  ])('%s', (_, lines, operation, problem) => {
    const edited = edit(pod(...lines), operation);
    expect(edited.ok ? [] : edited.problems).toMatchObject([{ ...problem, template: { kind: 'Pod' } }]);
  });

  test('but an alias that is replaced as a whole, an anchor that nobody uses and a merged key that is set anew are fine', () => {
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
    expect(edited.ok ? [] : edited.problems).toMatchObject([
      { line: 2, message: '"add" does not apply at /spec/nowhere/-' },
    ]);
  });
});

describe('what we do not know how to write into', () => {
  const text = `# top\n%YAML 1.1\n---\n# first\n${pod('    ? tty # odd', '    image: x # kept')}# end\n---\nother:   {a:   1}\n`;

  test('comes out in a style of our own, that one document only, and says so', () => {
    const edited = edit(
      text,
      add('/spec/containers/0/tty', true),
      add('/spec/containers/0/env', [A]),
      add(`${ENV}/0`, A),
      replace(`${ENV}/0`, A),
    );
    expect(edited).toMatchObject({ ok: true, reformatted: [5] });
    const written = edited.ok ? edited.text : '';
    expect(written).toMatch(/^# top\n%YAML 1.1\n---\n# first\napiVersion: v1\n/);
    expect(written).toMatch(/image: x # kept/);
    expect(written.match(/# end/g)).toHaveLength(1);
    expect(written.endsWith('---\nother:   {a:   1}\n')).toBe(true);
  });

  test('and the other documents stay as they were written', () => {
    const fine = pod('    env:   []   # x');
    const edited = edit(`${fine}---\n${pod('    ? env')}`.replaceAll('\n', '\r\n'), add(ENV, [A]));
    const lines = ['    env:   # x', '    - name: A', '      value: "1"'];
    expect(edited.ok && edited.text.startsWith(`${pod(...lines)}---\n`.replaceAll('\n', '\r\n'))).toBe(true);
    expect(edited.ok && /[^\r]\n/.test(edited.text)).toBe(false);
  });
});
