import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../support/process.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'agent-injector-import-'));
});
afterAll(() => rm(dir, { recursive: true }));

const instrumentation = `apiVersion: opentelemetry.io/v1alpha1
kind: Instrumentation
metadata: {name: traces}
spec:
  exporter: {endpoint: "http://collector:4318"}
  java: {image: "registry.example.com/java:1"}
`;

const workload = (annotation = 'instrumentation.opentelemetry.io/inject-java') => `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}   # the shop
spec:
  template:
    metadata:
      annotations:
        ${annotation}: "true"
    spec:
      containers:
        - {name: web, image: "registry.example.com/web:1"}
`;

const files = async (name: string, texts: Readonly<Record<string, string>>): Promise<string> => {
  const path = join(dir, name);
  await mkdir(path);
  for (const [file, text] of Object.entries(texts)) await writeFile(join(path, file), text);
  return path;
};

describe('import', () => {
  it('prints namespaces, manifests and profiles; everything that inject needs', async () => {
    const path = await files('plain', { 'app.yaml': workload(), 'otel.yaml': instrumentation });
    const { code, stdout, stderr } = await run(['import', path, '-n', 'shop']);
    expect(stderr).not.toContain('not carried over:');
    expect(code).toBe(0);
    expect(stdout).toContain('metadata: {name: web}   # the shop');
    expect(stdout).not.toContain('kind: Instrumentation');
    expect([...stdout.matchAll(/^kind: (\w+)$/gm)].map(([, kind]) => kind)).toEqual([
      'Namespace',
      'Deployment',
      'AgentProfile',
    ]);
  });

  it('writes files, which inject reads, and overwrites none', async () => {
    const path = await files('written', { 'app.yaml': workload(), 'otel.yaml': instrumentation });
    const out = `${join(dir, 'out')}/`;
    const { code } = await run(['import', path, '-n', 'shop', '--output', out]);
    expect(code).toBe(0);
    expect((await readdir(out)).toSorted()).toEqual(['app.yaml', 'namespaces.yaml', 'profiles']);
    expect(await readdir(join(out, 'profiles'))).toEqual(['opentelemetry-java-traces.yaml']);
    const injected = await run([
      'inject',
      join(out, 'app.yaml'),
      '-n',
      'shop',
      '--namespaces',
      join(out, 'namespaces.yaml'),
      '--profiles',
      join(out, 'profiles'),
    ]);
    expect(injected).toMatchObject({ code: 0, stdout: expect.stringContaining('registry.example.com/java:1') });
    const before = await readFile(join(out, 'app.yaml'), 'utf8');
    const again = await run(['import', path, '-n', 'shop', '--output', out]);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('app.yaml: exists') });
    expect(await readFile(join(out, 'app.yaml'), 'utf8')).toBe(before);
  });

  it.each([
    ['a variable', 'java: {env: [{name: "A B", value: x}]}'],
    ['a policy', 'imagePullPolicy: Sometimes'],
    ['a size', 'java: {volumeLimitSize: much}'],
  ])('says that a profile is not valid because of %s', async (_, field) => {
    const text = `${instrumentation}  ${field.startsWith('java') ? field.replace('java', 'nodejs') : field}\n`;
    const pod = workload('instrumentation.opentelemetry.io/inject-nodejs');
    const { code, stderr } = await run(['import', '-', '-n', 'shop'], { stdin: `${text}---\n${pod}` });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^profiles\/opentelemetry-nodejs-traces\.yaml: AgentProfile\/.*not carried over: /m);
  });

  it('ends with 1 if something was not carried over, and says where', async () => {
    const path = await files('lost', { 'app.yaml': workload('instrumentation.opentelemetry.io/inject-go') });
    const { code, stdout, stderr } = await run(['import', path]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /app\.yaml:8: Deployment\/web: instrumentation\.opentelemetry\.io\/inject-go: not carried over: /,
    );
    expect(stdout).toContain('inject-go');
  });

  it('reports a key that it does not know', async () => {
    const path = await files('unknown', { 'app.yaml': workload('instrumentation.opentelemetry.io/inject-cobol') });
    expect(await run(['import', path])).toMatchObject({ code: 1, stderr: expect.stringContaining('inject-cobol') });
  });

  it('prints the whole report as JSON, with what was carried over', async () => {
    const path = await files('json', { 'app.yaml': workload(), 'otel.yaml': instrumentation });
    const { code, stdout } = await run(['import', path, '-n', 'shop', '-o', 'json']);
    expect(code).toBe(0);
    const { files: written, report } = JSON.parse(stdout) as { files: { name: string }[]; report: { key: string }[] };
    expect(written.map(({ name }) => name.split('/').at(-1))).toEqual([
      'namespaces.yaml',
      'app.yaml',
      'opentelemetry-java-traces.yaml',
    ]);
    expect(report.map(({ key }) => key).toSorted()).toEqual([
      'exporter.endpoint',
      'instrumentation.opentelemetry.io/inject-java',
      'java.image',
    ]);
  });

  it('reads standard input, and leaves what is not about injection alone', async () => {
    const text = 'apiVersion: v1\nkind: ConfigMap   # mine\nmetadata: {name: a}\n';
    expect(await run(['import', '-'], { stdin: text })).toMatchObject({ code: 0, stdout: text });
  });

  it.each([
    [[], 'no file given'],
    [['missing.yaml'], 'missing.yaml: no such file'],
    [['-', '--output', 'nowhere'], '--output nowhere'],
  ])('%j is an error of usage', async (args, message) => {
    expect(await run(['import', ...args], { stdin: '' })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(message),
    });
  });
});
