import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { admit } from '../../src/admission/admit.ts';
import { articleEnvironment, catalogue, container, namespace, pod } from '../support/fixtures.ts';
import { LocalPod, whyNoNamespaces } from './container.ts';
import { environmentOf } from './kubelet.ts';
import { runtimes } from './runtimes.ts';
import { agents, filesOf } from './table.ts';

const found = runtimes.get('dotnet');
const agent = agents().find(({ profile }) => profile === 'jennifer-dotnet');
const LEFT_OVER = { name: 'CORECLR_PROFILER_PATH_64', value: '/opt/another/libProfiler.so' };
const LOADED = 'profiler: asked for {6C7CAF0F-D0E5-4274-A71B-6551761BBDC8}';

/** Runs the app with the variables of the vendor's article, and returns its output. */
async function run(env: readonly { readonly name: string; readonly value: string }[]): Promise<string> {
  if (!found?.ok || !agent) throw new Error('no CoreCLR');
  const { image, environment, command } = found.runtime;
  const web = container('web', { env, volumeMounts: [{ name: 'agent', mountPath: '/netagent' }] });
  const volumes = [{ name: 'agent', persistentVolumeClaim: { claimName: 'my-agent-file' } }];
  const subject = pod([web], {}, { volumes });
  const local = await LocalPod.make(subject, filesOf(agent));
  try {
    const all = new Map([...Object.entries(environment), ...environmentOf(subject, web)]);
    const child = local.start(web, { image, environment: all, command });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
    child.stdin.end();
    const [code] = (await once(child, 'close')) as [number | null];
    return `${output}ended with ${code}`;
  } finally {
    await local.remove();
  }
}

describe.skipIf(!found?.ok || whyNoNamespaces() !== undefined)('a left-over CORECLR_PROFILER_PATH_64', () => {
  it('is the only obstacle: without it, the CLR loads the agent', async () => {
    const output = await run(articleEnvironment);
    expect(output).toContain(LOADED);
    expect(output).toContain('app answered: 200');
    expect(output).toContain('ended with 0');
  });

  it('prevents the CLR from loading the agent, without any output', async () => {
    const output = await run([...articleEnvironment, LEFT_OVER]);
    expect(output).toMatch(/^own value: null\napp answered: 200\nended with 0$/);
  });

  it('prevents injection, with a reason', () => {
    const { decision, operations } = admit(pod([container('web', { env: [LEFT_OVER] })]), namespace(), catalogue);
    expect(decision).toMatchObject({ outcome: 'skipped', reason: { code: 'foreign-profiler' } });
    expect(JSON.stringify(decision)).toContain(LEFT_OVER.name);
    expect(JSON.stringify(operations)).not.toContain('/netagent');
  });
});
