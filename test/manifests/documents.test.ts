import { describe, expect, test } from 'vitest';
import { type Manifest, parseManifest } from '../../src/manifests/documents.ts';
import { workloadKindOf } from '../../src/kubernetes/workload.ts';

function read(text: string): Manifest {
  const parsed = parseManifest(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

const templates = (text: string): unknown[] =>
  read(text).templates.map(({ kind, name, line, document, pointer }) => ({ kind, name, line, document, pointer }));

describe('pods are found', () => {
  test.each([
    ['v1', 'Pod', []],
    ['v1', 'PodTemplate', ['template']],
    ['apps/v1', 'Deployment', ['spec', 'template']],
    ['apps/v1beta2', 'StatefulSet', ['spec', 'template']],
    ['batch/v1', 'CronJob', ['spec', 'jobTemplate', 'spec', 'template']],
    ['argoproj.io/v1alpha1', 'Rollout', ['spec', 'template']],
    ['apps.openshift.io/v1', 'DeploymentConfig', ['spec', 'template']],
    ['example.com/v1', 'Deployment', undefined],
    ['v1', 'Deployment', undefined],
    ['v1', 'constructor', undefined],
  ])('%s %s', (apiVersion, kind, path) => {
    expect(workloadKindOf(apiVersion, kind)?.template).toEqual(path);
  });

  test('in several documents, with their lines and names', () => {
    const text = `# the namespace first
apiVersion: v1
kind: Namespace
metadata:
  name: shop
---
# nothing here
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly, namespace: shop}
spec:
  jobTemplate:
    spec:
      template:
        spec: {containers: []}
...
%YAML 1.1
---
apiVersion: v1
kind: Pod
metadata:
  generateName: run-
spec: {containers: []}
--- # values of a chart are not an object
replicas: 2
`;
    expect(templates(text)).toEqual([
      { kind: 'CronJob', name: 'nightly', line: 9, document: 2, pointer: '/spec/jobTemplate/spec/template' },
      { kind: 'Pod', name: 'run-*', line: 20, document: 3, pointer: '' },
    ]);
    const { objects, templates: found } = read(text);
    expect(objects.map(({ kind, namespace, line }) => [kind, namespace, line])).toEqual([
      ['Namespace', undefined, 2],
      ['CronJob', 'shop', 9],
      ['Pod', undefined, 20],
    ]);
    expect(found[0]?.pod).toEqual({ spec: { containers: [] } });
  });

  test('in lists, nested lists, and typed lists whose items omit their kind', () => {
    const text = `apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  metadata: {name: one}
- apiVersion: v1
  kind: List
  items:
    - apiVersion: v1
      kind: Pod
      metadata: {name: two}
---
apiVersion: apps/v1
kind: DeploymentList
items:
- metadata: {name: three}
  spec: {template: {spec: {}}}
`;
    expect(templates(text)).toEqual([
      { kind: 'Pod', name: 'one', line: 4, document: 0, pointer: '/items/0' },
      { kind: 'Pod', name: 'two', line: 10, document: 0, pointer: '/items/1/items/0' },
      { kind: 'Deployment', name: 'three', line: 17, document: 1, pointer: '/items/0/spec/template' },
    ]);
  });

  test('in JSON, and after a byte order mark', () => {
    expect(templates('{\n\t"apiVersion": "v1",\n\t"kind": "Pod"\n}')).toEqual([
      { kind: 'Pod', name: '', line: 1, document: 0, pointer: '' },
    ]);
    expect(templates('\uFEFFapiVersion: v1\nkind: Pod\n')).toMatchObject([{ line: 1 }]);
  });

  test('but not in a workload without a template, nor in documents that are not objects', () => {
    const text =
      'apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nspec: {workloadRef: {name: a}}\n---\n- a\n---\nkind: 1\napiVersion: v1\n';
    expect(read(text)).toMatchObject({ objects: [{ kind: 'Rollout' }], templates: [] });
    expect(read('')).toMatchObject({ documents: [], templates: [] });
    expect(read('# only a comment\n').templates).toEqual([]);
  });
});

describe('invalid text gives problems with their position', () => {
  test.each([
    ['a: 1\nb:\n  c: 1\n  c: 2\n', 4, 3, 'Map keys must be unique'],
    ['a: 1\n---\nb: *gone\n', 3, 4, 'Unresolved alias (the anchor must be set before the alias): gone'],
    ['a:\n\t- b\n', 2, 1, 'Tabs are not allowed as indentation'],
    [
      'a: {{ .Values.a }}\n',
      1,
      5,
      'Map keys must be strings; this looks like the template of a Helm chart: render it first',
    ],
  ])('%j', (text, line, column, message) => {
    const parsed = parseManifest(text);
    expect(parsed.ok ? undefined : parsed.error[0]).toEqual({ line, column, message });
  });

  test('a tab is one problem, whatever the parser says of the right lines after it', () => {
    const parsed = parseManifest('a:\n  - b: 1\n\t  c: 2\n    d: 3\n    e: 4\nf: 5\n');
    expect(parsed.ok ? undefined : parsed.error).toMatchObject([{ line: 3 }]);
  });

  test('a document that is nested too deeply', () => {
    expect(parseManifest('['.repeat(50_000))).toMatchObject({
      ok: false,
      error: [{ line: 1, message: 'nested too deeply' }],
    });
  });

  test('all at once, one per line', () => {
    const parsed = parseManifest('a: 1\na: 2\n---\n{{- if .x }}\nb: 1\n{{- end }}\n');
    const lines = parsed.ok ? [] : parsed.error.map(({ line }) => line);
    expect(lines[0]).toBe(2);
    expect(new Set(lines).size).toBe(lines.length);
  });

  test('aliases of aliases that multiply beyond the limit', () => {
    const bomb = [
      'a0: &a0 [x]',
      ...Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i},*a${i},*a${i},*a${i},*a${i}]`),
    ];
    expect(parseManifest(bomb.join('\n'))).toMatchObject({
      ok: false,
      error: [{ message: expect.stringContaining('alias') }],
    });
  });
});
