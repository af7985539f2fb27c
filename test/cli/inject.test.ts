import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { run, start } from '../support/process.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'agent-injector-inject-'));
});
afterAll(() => rm(dir, { recursive: true }));

const file = async (name: string, text: string): Promise<string> => {
  await writeFile(join(dir, name), text);
  return join(dir, name);
};

const mixed = `# top
apiVersion: v1
kind: ConfigMap   # not ours
metadata: {name: cfg}
data:
  a:    "odd   spacing"
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  template:
    spec:
      # the app
      containers:
      - name: web
        image: "registry.example.com/web:1"
        env:
        - name: A   # mine
          value: a
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  jobTemplate:
    spec:
      template:
        spec:
          containers: [{name: job, image: job}]
`;

describe('the pull secrets of a ServiceAccount', () => {
  const profile = `apiVersion: agent-injector.io/v1alpha1
kind: AgentProfile
metadata: {name: private}
spec:
  extends: opentelemetry-java
  deliveries:
    - {name: image, remove: true}
    - {initContainer: {image: "registry.example.com/otel-java:2", pullSecret: apm}}
`;
  const account = (fields: string) => `apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: shop}\n${fields}\n---\n`;
  const pod = (fields = '') => `apiVersion: v1
kind: Pod
metadata: {name: cart}
spec: {serviceAccountName: shop, ${fields}containers: [{name: cart, image: cart}]}
`;

  it.each<[string, string, readonly string[], boolean]>([
    [
      'in the file go before that of the profile',
      account('imagePullSecrets: [{name: harbor}]') + pod(),
      ['harbor', 'apm'],
      false,
    ],
    [
      'in the file go into an empty list',
      account('imagePullSecrets: [{name: harbor}]') + pod('imagePullSecrets: [], '),
      ['harbor', 'apm'],
      false,
    ],
    ['that are none change nothing', account('automountServiceAccountToken: false') + pod(), ['apm'], false],
    ['elsewhere are warned of', pod(), ['apm'], true],
    ['do not count for a pod with its own', pod('imagePullSecrets: [{name: own}], '), ['own', 'apm'], false],
    [
      'of another namespace are warned of',
      account('imagePullSecrets: [{name: harbor}]').replace('shop}', 'shop, namespace: other}') + pod(),
      ['apm'],
      true,
    ],
  ])('%s', async (_, stdin, secrets, isWarned) => {
    await file('private.yaml', profile);
    const args = [
      'inject',
      '-f',
      '-',
      '--profiles',
      dir,
      '--profile',
      'private',
      '--set',
      'otlp-endpoint=http://c:4318',
    ];
    const { code, stdout, stderr } = await run(args, { stdin });
    expect(code, stderr).toBe(0);
    const last = parseAllDocuments(stdout).at(-1)?.toJSON() as { spec: { imagePullSecrets: { name: string }[] } };
    expect(last.spec.imagePullSecrets.map(({ name }) => name)).toEqual(secrets);
    expect(stderr.includes('ServiceAccount shop')).toBe(isWarned);
    await rm(join(dir, 'private.yaml'));
  });
});

describe('kinds that hold pods and are not known', () => {
  const knative = `apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: hello}
spec: {template: {spec: {containers: [{image: hello}]}}}
---
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: hello-}
spec: {templates: [{name: a, container: {image: a}}]}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: apps.example.com}
spec: {versions: [{schema: {properties: {containers: [{name: x}]}}}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {containers: "x"}
`;
  const pod = '---\napiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: web}]}\n';
  const named = ['Service.serving.knative.dev/hello', 'Workflow.argoproj.io/hello-*'];

  it.each([
    ['inject', '', 0],
    ['inject', pod, 0],
    ['explain', '', 2],
    ['explain', pod, 0],
  ])('are named by %s, with a pod beside them or without: "%s"', async (command, rest, code) => {
    const args = [command, '-f', '-', '--set', 'server-address=jennifer.example.com'];
    const ended = await run(args, { stdin: knative + rest });
    expect(ended.code, ended.stderr).toBe(code);
    expect([...ended.stderr.matchAll(/(\S+): not read/g)].map(([, kind]) => kind)).toEqual(named);
  });
});

describe('inject', () => {
  it('injects every workload, and keeps every line of the file', async () => {
    const { code, stdout, stderr } = await run([
      'inject',
      '-f',
      await file('mixed.yaml', mixed),
      '--set',
      'server-address=jennifer.example.com',
    ]);
    expect(code).toBe(0);
    expect(stderr).toBe(
      `${join(dir, 'mixed.yaml')}:8: Deployment/web: injected jennifer-dotnet into container web by persistentVolumeClaim\n` +
        `${join(dir, 'mixed.yaml')}:24: CronJob/nightly: injected jennifer-dotnet into container job by persistentVolumeClaim\n`,
    );
    const lines = stdout.split('\n');
    const kept = mixed.split('\n').filter((line) => !line.includes('containers: ['));
    let at = 0;
    for (const line of kept) {
      at = lines.indexOf(line, at);
      expect(at, line).toBeGreaterThanOrEqual(0);
      at++;
    }
    const [, deployment, cronJob] = parseAllDocuments(stdout).map((document) => document.toJS());
    expect(deployment.spec.template.spec.containers[0].env.map(({ name }: { name: string }) => name)).toEqual([
      'A',
      'CORECLR_ENABLE_PROFILING',
      'CORECLR_PROFILER',
      'CORECLR_PROFILER_PATH',
      'ARIES_SERVER_ADDRESS',
      'ARIES_SERVER_PORT',
      'ARIES_DOMAIN_ID',
    ]);
    expect(cronJob.spec.jobTemplate.spec.template.spec.volumes).toEqual([
      { name: 'jennifer-dotnet', persistentVolumeClaim: { claimName: 'my-agent-file' } },
    ]);
  });

  it('does not change its own output', async () => {
    const args = ['inject', '-f', '-', '--set', 'server-address=jennifer.example.com'];
    const once = await run(args, { stdin: mixed });
    const twice = await run(args, { stdin: once.stdout });
    expect(twice.stdout).toBe(once.stdout);
    expect(twice.stderr).toContain('already-instrumented');
    expect(twice.code).toBe(0);
  });

  it('keeps values that only look like numbers', async () => {
    const stdin = `apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  containers:
    - name: web
      image: web
      env:
        - {name: JAVA_TOOL_OPTIONS, value: e2}
        - {name: B, value: "e2"}
`;
    const args = ['inject', '-f', '-', '--set', 'profile=datadog-java'];
    const { code, stdout } = await run(args, { stdin });
    expect(code).toBe(0);
    expect(stdout).toContain('{name: B, value: "e2"}');
    expect(stdout).toMatch(/name: JAVA_TOOL_OPTIONS, value: "?e2 -javaagent:/);
  });

  it('prints a diff', async () => {
    const { stdout } = await run(['inject', '-f', '-', '--set', 'server-address=x', '--diff'], { stdin: mixed });
    expect(stdout).toMatch(/^\+ +- name: ARIES_SERVER_ADDRESS$/m);
    expect(stdout).not.toMatch(/^-(?!--)(?!.*containers: \[)/m);
  });

  it('uses the namespaces in the file and in --namespaces', async () => {
    const namespaces = await file('namespaces.yaml', 'apiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n');
    const listed = await run(['inject', '-f', '-', '--namespaces', namespaces], { stdin: mixed });
    expect(listed.code).toBe(1);
    expect(listed.stderr).toContain('not injected: namespace shop not found (namespace-unknown)');
    expect(listed.stdout).toBe(mixed);
    const within = `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n---\n${mixed}`;
    const { code, stderr } = await run(['inject', '-f', '-', '-n', 'shop'], { stdin: within });
    expect(stderr).toContain(
      'not injected: namespace shop has no label agent-injector.io/injection (namespace-not-enabled)',
    );
    expect(code).toBe(0);
  });

  it('reports what could not be injected, why and what to do, with exit code 1', async () => {
    const { code, stdout, stderr } = await run(['inject', '-f', '-'], { stdin: mixed });
    expect(code).toBe(1);
    expect(stdout).toBe(mixed);
    expect(stderr).toContain(
      'Deployment/web: not injected: profile jennifer-dotnet requires agent-injector.io/server-address, which is not set (missing-parameter)',
    );
    expect(stderr).toContain('agent-injector.io/server-address=VALUE');
    expect(stderr).toContain('More: agent-injector reasons missing-parameter');
  });

  it.each([
    ['Deployment', 'apps/v1', 'metadata: {name: w, annotations: {agent-injector.io/domain-id: "7"}}', 'template'],
    [
      'CronJob',
      'batch/v1',
      'metadata: {name: w}',
      'jobTemplate: {metadata: {annotations: {agent-injector.io/domain-id: "7"}}, spec: {template',
    ],
  ])('warns about a key on a %s instead of its pod template', async (kind, apiVersion, metadata, template) => {
    const end = kind === 'CronJob' ? '}}' : '';
    const pod = '{spec: {containers: [{name: web, image: web}]}}';
    const stdin = `{apiVersion: ${apiVersion}, kind: ${kind}, ${metadata}, spec: {${template}: ${pod}${end}}}\n`;
    const { code, stderr } = await run(['inject', '-f', '-', '--set', 'server-address=x'], { stdin });
    expect(stderr).toContain(
      `${kind}/w: warning: annotation agent-injector.io/domain-id is on ${kind} w, not on its pod template, so it has no effect (misplaced-key)`,
    );
    expect(code).toBe(0);
  });

  it.each([
    ['a file that does not exist', ['inject', '-f', '/nowhere.yaml'], /no such file/],
    ['a file that is not YAML', ['inject', '-f', '-'], /standard input:2:1: Flow sequence/],
    [
      'an unknown key',
      ['inject', '-f', '-', '--set', 'domian-id=1'],
      /--set domian-id=1: unknown key; did you mean "domain-id"\?/,
    ],
    [
      'a key of a profile that is not found',
      ['inject', '-f', '-', '--profile', 'acme-java', '--set', 'collector=x'],
      /--profile acme-java: profile not found.*\n.*--set collector=x: unknown key/,
    ],
    ['a setting without a value', ['inject', '-f', '-', '--set', 'x'], /--set x: must be KEY=VALUE/],
    ['no file', ['inject'], /no file given/],
    ['two files that do not exist', ['inject', '-f', '/a', '/b'], /\/a: no such file or directory\n.*\/b: no such/],
    ['another address than https', ['uninject', 'http://example.com/a.yaml'], /only https addresses/],
    [
      'an unknown flag',
      ['inject', '-f', '-', '--fiel', 'x'],
      /Did you mean --file.*\nSee 'agent-injector inject --help'/,
    ],
    ['an unknown command', ['injct'], /unknown command 'injct'\n?\(Did you mean inject\?\)/],
  ])('fails with exit code 2 for %s', async (_, args, text) => {
    const { code, stdout, stderr } = await run(args, { stdin: 'a: [\n' });
    expect(stderr).toMatch(text);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('injects all pods except one that shares its text with another', async () => {
    const shared = `apiVersion: v1
kind: Pod
metadata: {name: a}
spec: &spec
  containers:
    - {name: web, image: web}
---
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Pod
    metadata: {name: b}
    spec: &shared {containers: [{name: web, image: web}]}
  - apiVersion: v1
    kind: Pod
    metadata: {name: c}
    spec: *shared
`;
    const { code, stdout, stderr } = await run(['inject', '-f', '-', '--set', 'server-address=x'], { stdin: shared });
    expect(code).toBe(1);
    expect(stdout.match(/name: ARIES_SERVER_ADDRESS/g)).toHaveLength(1);
    expect(stderr).toMatch(/standard input:\d+: Pod\/c: not written: /);
  });

  it('warns about a document that it had to reformat', async () => {
    const odd =
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  ? volumes\n  containers: [{name: web, image: web}]\n';
    const { code, stderr } = await run(['inject', '-f', '-', '--set', 'server-address=x'], { stdin: odd });
    expect(code).toBe(0);
    expect(stderr).toContain(
      'standard input:1: warning: this document could not keep its layout and was reformatted\n',
    );
  });

  it('keeps a byte order mark, and rejects what is not UTF-8', async () => {
    const marked = '\uFEFFkind: Other\n';
    expect((await run(['inject', '-f', '-'], { stdin: marked })).stdout).toBe(marked);
    const bytes = join(dir, 'latin1.yaml');
    await writeFile(bytes, Buffer.from([0x61, 0x3a, 0xff, 0x0a]));
    expect(await run(['inject', '-f', bytes])).toMatchObject({
      code: 2,
      stderr: `agent-injector: ${bytes}: is not valid UTF-8\n`,
    });
  });

  it('ends without an error if the reader closes the pipe', async () => {
    const started = start(['inject', '-f', '-', '--set', 'server-address=x'], { stdin: `${mixed}---\n`.repeat(300) });
    started.child.stdout?.once('data', () => started.child.stdout?.destroy());
    const { code, stderr } = await started.ended;
    expect(stderr).not.toContain('EPIPE');
    expect(code).toBe(0);
  });

  it('prints a file without pods unchanged', async () => {
    const text = '# nothing\r\nkind: Other\r\na:   1\r\n';
    const { code, stdout, stderr } = await run(['inject', '-f', '-'], { stdin: text });
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: text,
      stderr: 'standard input: contains no pods or workloads\n',
    });
  });
});

describe('several manifests', () => {
  it('are injected as one stream, with the namespaces of all, and uninjected again', async () => {
    const pod = (name: string): string =>
      `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: shop}\nspec: {containers: [{name: web, image: web:1}]}`;
    const shop =
      'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  labels: {agent-injector.io/injection: enabled}\n' +
      '  annotations: {agent-injector.io/server-address: x.example.com}\n';
    await mkdir(join(dir, 'several'));
    const one = await file('several/a.yaml', pod('one'));
    await file('several/b.yaml', `---\n${pod('two')}\n`);
    const last = await file('several/c.yaml', shop);
    const { code, stdout } = await run(['inject', join(dir, 'several')]);
    expect(code).toBe(0);
    const documents = parseAllDocuments(stdout).map((document) => document.toJS() as { metadata: { name: string } });
    expect(documents.map(({ metadata }) => metadata.name)).toEqual(['one', 'two', 'shop']);
    expect(stdout.match(/x\.example\.com/g)?.length).toBeGreaterThanOrEqual(3);
    const restored = await run(['uninject', '-'], { stdin: stdout });
    expect(restored.stdout).toBe(`${pod('one')}\n---\n${pod('two')}\n---\n${shop}`);
    const diff = await run(['inject', last, one, '--diff']);
    // A file that does not change has no difference.
    expect(diff.stdout).not.toContain('c.yaml');
  });
});
