import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../support/chart.ts';
import type { Client } from '../support/client.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts';
import { canFollow, runCommands } from '../support/documented-commands.ts';
import { waitFor } from '../support/wait-for.ts';
import { executable } from '../support/built.ts';

// docs/without-a-webhook.md: its commands, in its order, on a cluster where nothing of ours is installed.

const page = readFileSync(join(root, 'docs/without-a-webhook.md'), 'utf8');
/** The commands below their numbers, without the indentation of the list. */
const commands = [...page.matchAll(/^ {3}```sh\n([\s\S]*?)^ {3}```$/gm)].map(([, block = '']) =>
  block.replaceAll(/^ {3}/gm, '').trim(),
);

describe.skipIf(!canFollow)('docs/without-a-webhook.md', () => {
  let controlPlane: ControlPlane;
  let client: Client;
  let dir: string;

  const run = (command = ''): Promise<string> =>
    runCommands(`cd ${dir}\nagent-injector() { node ${executable} "$@"; }\n${command}`, controlPlane.kubeconfigPath);
  const recordNow = async (): Promise<string> => run(commands[3]);

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'agent-injector-page-'));
    controlPlane = await startControlPlane();
    ({ client } = controlPlane);
  });
  afterAll(async () => {
    await controlPlane?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  test('has six commands', () => expect(commands).toHaveLength(6));

  test('1: makes a namespace', async () => {
    await run(commands[0]);
    await waitFor('the ServiceAccount', () =>
      client.find({ kind: 'ServiceAccount', namespace: 'shop', name: 'default' }),
    );
  });

  test('2: the API server takes what is exported', async () => {
    await run(`${commands[1]} 2> verdict`);
    expect(readFileSync(join(dir, 'verdict'), 'utf8').match(/✓ /g)).toHaveLength(4);
    expect(readFileSync(join(dir, 'policy.yaml'), 'utf8')).toContain('jennifer.example.com');
  });

  test('3 and 4: from then on, pods get the agent, and a record that names the policy', async () => {
    await run(commands[2]);
    await waitFor('a pod with the agent', async () => (await recordNow()).includes('"by\\":\\"policy'));
  }, 60_000);

  test('warns with the reason where a pod does not get it', async () => {
    const annotated = `${commands[3]} --annotations=agent-injector.io/domain-id=40000 2>&1`;
    expect(await run(annotated)).toMatch(/agent-injector: not injected: profile jennifer-dotnet: invalid-value/);
  });

  test('the types of the validating policy are valid for the API server', async () => {
    const checked = await waitFor('the type check', async () => {
      const policy = await client.get<{ status?: { typeChecking?: { expressionWarnings?: unknown[] } } }>({
        kind: 'ValidatingAdmissionPolicy',
        name: 'jennifer-dotnet.agent-injector.io',
      });
      return policy.status?.typeChecking;
    });
    expect(checked.expressionWarnings ?? []).toEqual([]);
  });

  test('5: without the binding, new pods start without the agent', async () => {
    await run(commands[4]);
    await waitFor('a pod without the agent', async () => !(await recordNow()).includes('agent-injector.io/status'));
  }, 60_000);

  test('6: removes everything', async () => {
    await run(commands[5]);
    for (const kind of ['mutatingadmissionpolicies', 'validatingadmissionpolicies'])
      expect(await run(`kubectl get ${kind} -o name`)).not.toContain('jennifer');
  });

  test('an API server without the version says what it serves and what is needed', async () => {
    const old = `agent-injector export policy --profile jennifer-dotnet --delivery preinstalled --api v1beta1 --verify 2>&1 >/dev/null || true`;
    expect(await run(old)).toMatch(/does not serve mutatingadmissionpolicies in .*v1beta1/);
  });
});
