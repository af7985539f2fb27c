import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { run } from '../support/process.ts';

const file = `# mine
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers:
      - name: web   # the app
        image: "web:1"
        env:
        - name: JAVA_TOOL_OPTIONS   # heap
          value: "-Xmx1g"
---
apiVersion: v1
kind: ConfigMap
metadata: {name: other}
`;
const asked = ['--profile', 'opentelemetry-java', '--set', 'otlp-endpoint=http://collector:4318'];

interface PlainPod {
  readonly spec: {
    readonly containers: readonly { readonly name: string; readonly volumeMounts?: readonly object[] }[];
    readonly volumes?: readonly object[];
  };
}

/** The pod as the API server keeps it. */
function withToken<Given extends PlainPod>(pod: Given): Given {
  const name = 'kube-api-access-x';
  const mount = { name, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true };
  const containers = pod.spec.containers.map((one) => ({ ...one, volumeMounts: [...(one.volumeMounts ?? []), mount] }));
  return { ...pod, spec: { ...pod.spec, containers, volumes: [...(pod.spec.volumes ?? []), { name, projected: {} }] } };
}

describe('uninject', () => {
  it('is the inverse of inject, byte for byte', async () => {
    const injected = await run(['inject', '-f', '-', ...asked], { stdin: file });
    expect(injected.code).toBe(0);
    expect(injected.stdout).toContain('- name: JAVA_TOOL_OPTIONS   # heap\n          value: "-Xmx1g -javaagent:');
    const { code, stdout, stderr } = await run(['uninject', '-f', '-'], { stdin: injected.stdout });
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: file,
      stderr: 'standard input:2: Deployment/web: uninjected\n',
    });
  });

  it('leaves an edited pod unchanged, with the reason and exit code 1', async () => {
    const { stdout } = await run(['inject', '-f', '-', ...asked], { stdin: file });
    const changed = stdout.replace('sizeLimit: 300Mi', 'sizeLimit: "300Mi"');
    expect(changed).not.toBe(stdout);
    const result = await run(['uninject', '-f', '-'], { stdin: changed });
    expect(result).toMatchObject({ code: 1, stdout: changed });
    expect(result.stderr).toContain('Deployment/web: left unchanged: ');
    const unknown = await run(['uninject', '-f', '-'], { stdin: stdout.replaceAll('opentelemetry-java', 'unknown') });
    expect(unknown.stderr).toMatch(/left unchanged: .*profile unknown\b.*--profiles/);
  });

  it('removes with --loose what the record lists from what kubectl prints', async () => {
    const plain = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', labels: { app: 'web' } },
      spec: { containers: [{ name: 'web', image: 'web:1' }] },
    };
    const { stdout } = await run(['inject', '-', '--set', 'server-address=apm.example.com'], {
      stdin: stringify(plain),
    });
    // The API server adds the token behind what injection has added.
    const asKubectl = stringify(withToken(parse(stdout)), { sortMapEntries: true, indentSeq: false });
    expect(asKubectl).toContain('\n  - env:\n');
    expect(await run(['uninject', '-'], { stdin: asKubectl })).toMatchObject({ code: 1, stdout: asKubectl });
    const loose = await run(['uninject', '--loose', '-'], { stdin: asKubectl });
    expect(loose.code).toBe(0);
    expect(parse(loose.stdout)).toEqual(withToken(plain));
    expect(loose.stderr).toMatch(/Pod\/web: uninjected by/);
  });

  it('leaves with --loose what the record does not describe', async () => {
    const { stdout } = await run(['inject', '-f', '-', ...asked], { stdin: file });
    const changed = stdout.replace(/mountPath: .*/, 'mountPath: /elsewhere');
    expect(changed).not.toBe(stdout);
    expect(await run(['uninject', '--loose', '-'], { stdin: changed })).toMatchObject({ code: 1, stdout: changed });
  });

  it('prints a file without a record unchanged', async () => {
    expect(await run(['uninject', '-f', '-'], { stdin: file })).toEqual({
      code: 0,
      stdout: file,
      stderr: 'standard input: no pod in this file has a status annotation that lists an injection\n',
    });
  });

  it('prints a diff', async () => {
    const { stdout } = await run(['inject', '-f', '-', ...asked], { stdin: file });
    const { stdout: difference } = await run(['uninject', '-f', '-', '--diff'], { stdin: stdout });
    expect(difference).toMatch(/^-.*agent-injector.io\/status/m);
    expect(difference).not.toMatch(/^\+(?!\+\+)(?!.*"-Xmx1g"$)/m);
  });
});
