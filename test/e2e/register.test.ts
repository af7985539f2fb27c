import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { root } from '../support/chart.ts';
import type { Client, KubeObject } from '../support/client.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import { freePort } from '../support/free-port.ts';
import { startProcess, type Exit } from '../support/guarded-process.ts';
import { ours } from '../support/injected-cluster.ts';
import { instrumented, podOf, type Pod } from '../support/pod.ts';
import { waitFor } from '../support/wait-for.ts';
import { webhookConfiguration } from './webhook.ts';

// `serve --register URL`: a server outside of the cluster that the API server calls as long as it runs.

const NAME = 'zz-agent-injector-registered';
const BUNDLE = join(root, 'dist/agent-injector.js');

let controlPlane: ControlPlane;
let client: Client;
beforeAll(async () => {
  controlPlane = await startControlPlane();
  ({ client } = controlPlane);
  const annotations = ours({ 'server-address': 'jennifer.example.com' });
  for (const injection of ['enabled', 'required'])
    await client.createNamespace(injection, { labels: ours({ injection }), annotations });
});
afterAll(() => controlPlane?.stop());

interface RegisteredServer {
  readonly port: number;
  readonly stop: (signal: NodeJS.Signals) => Promise<Exit>;
}

/** Starts the program. Rejects with its output and exit code if it ends before it is registered. */
async function startRegistered(port?: number): Promise<RegisteredServer> {
  const dir = mkdtempSync(join(tmpdir(), 'agent-injector-register-'));
  const at = port ?? (await freePort());
  const flags = {
    kubeconfig: controlPlane.kubeconfigPath,
    register: `https://127.0.0.1:${at}`,
    host: '127.0.0.1',
    port: at,
    'admin-port': 0,
    'drain-seconds': 0,
    checks: 'none',
  };
  const args = [BUNDLE, 'serve', ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)])];
  const started = await startProcess({ command: process.execPath, args, cwd: dir, logPath: join(dir, 'log') });
  onTestFinished(async () => {
    await started.stop();
    // One that was killed leaves it.
    await client.delete({ kind: 'MutatingWebhookConfiguration', name: NAME });
    rmSync(dir, { recursive: true });
  });
  const ended = (): Error | undefined => {
    const exit = started.exit();
    return exit && new Error(`exit code ${exit.code}: ${started.log()}`);
  };
  await waitFor('it to be registered', () => started.log().includes('the API server calls this server'), {
    hopeless: ended,
  });
  return { port: at, stop: started.stop };
}

const registered = (): Promise<KubeObject | undefined> =>
  client.find({ kind: 'MutatingWebhookConfiguration', name: NAME });

const isInjected = async (namespace: string): Promise<boolean> => {
  const { object } = await client.create<Pod>(podOf(namespace, 'web', {}), { dryRun: true });
  return instrumented(object).length > 0;
};

const called = (namespace: string): Promise<boolean> => waitFor(`a pod of ${namespace}`, () => isInjected(namespace));

describe('serve --register', () => {
  test('README says how', () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    expect(readme).toMatch(/^node dist\/agent-injector\.js serve --kubeconfig \S+ --register https:\/\/\S+$/m);
    expect(readme).toContain(NAME);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('the API server calls it until %s', async (signal) => {
    const server = await startRegistered();
    await called('enabled');
    await called('required');
    expect(await server.stop(signal)).toEqual({ code: 0, signal: null });
    expect(await registered()).toBeUndefined();
    await waitFor('pods to be created without it', async () => !(await isInjected('required')));
  });

  test('a killed one leaves its configuration, which fails open; the next one with the address removes it', async () => {
    const killed = await startRegistered();
    await called('required');
    await killed.stop('SIGKILL');
    expect(await registered()).toBeDefined();
    expect(await isInjected('required')).toBe(false);
    const next = await startRegistered(killed.port);
    await called('required');
    await next.stop('SIGTERM');
    expect(await registered()).toBeUndefined();
  });

  test('it does not start where another one is registered', async () => {
    await startRegistered();
    await expect(startRegistered()).rejects.toThrow(/exit code 2.*stop the server there/s);
    expect(await registered()).toBeDefined();
  });

  test('it does not start where a release serves the same namespaces, and leaves that one alone', async () => {
    const installed = webhookConfiguration({ name: 'installed', url: 'https://127.0.0.1:1/mutate', ca: '' });
    const { object } = await client.create(installed);
    onTestFinished(() => client.delete({ kind: 'MutatingWebhookConfiguration', name: 'installed' }));
    await expect(startRegistered()).rejects.toThrow(/exit code 2.*installed already serves/s);
    expect(await registered()).toBeUndefined();
    expect(await client.get({ kind: 'MutatingWebhookConfiguration', name: 'installed' })).toEqual(object);
  });
});
