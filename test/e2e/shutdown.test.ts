import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Client } from '../support/client.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import { freePort } from '../support/free-port.ts';
import { optedIn } from '../support/injected-cluster.ts';
import { startInjector, type Injector } from '../support/injector.ts';
import { instrumented, podOf, type Pod } from '../support/pod.ts';
import { waitFor } from '../support/wait-for.ts';
import { registerWebhook } from './webhook.ts';

const NAMESPACE = 'busy';
const DRAIN_SECONDS = 3;

let controlPlane: ControlPlane;
let client: Client;
beforeAll(async () => {
  controlPlane = await startControlPlane();
  ({ client } = controlPlane);
  await client.createNamespace(NAMESPACE, optedIn());
});
afterAll(() => controlPlane?.stop());

async function start(kubeconfigPath: string, drainSeconds: number): Promise<Injector> {
  const injector = await startInjector({ kubeconfigPath, drainSeconds });
  onTestFinished(async () => void (await injector.stop()));
  return injector;
}

/** Creates pods as a dry run, ten at a time, until `end` is called. */
function startLoad(): { readonly made: () => number; readonly end: () => Promise<readonly string[]> } {
  const ending = new AbortController();
  let made = 0;
  const failures: string[] = [];
  const worker = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      try {
        const { object } = await client.create<Pod>(podOf(NAMESPACE, `pod-${made++}`), { dryRun: true });
        if (instrumented(object).length === 0) failures.push('a pod went without the agent');
      } catch (error) {
        failures.push(String(error));
      }
    }
  };
  const workers = Array.from({ length: 10 }, worker);
  return {
    made: () => made,
    end: async () => {
      ending.abort();
      await Promise.all(workers);
      return failures;
    },
  };
}

describe('SIGTERM', () => {
  test('fails no admission, because the server keeps answering for the drain time', async () => {
    const injector = await start(controlPlane.kubeconfigPath, DRAIN_SECONDS);
    await injector.ready();
    // With failurePolicy Fail, a failed review refuses the pod.
    const webhook = await registerWebhook(client, { url: injector.url, ca: injector.ca, failurePolicy: 'Fail' });
    const load = startLoad();
    await waitFor('the load', () => load.made() >= 300, { interval: 5 });
    const before = load.made();
    const signalled = performance.now();
    injector.process.signal('SIGTERM');
    await waitFor('a second of load during the drain', () => performance.now() - signalled > 1000, { interval: 5 });
    expect((await injector.ask('/readyz')).status).toBe(503);
    expect((await injector.ask('/livez')).status).toBe(200);
    const after = load.made() - before;
    expect(await load.end()).toEqual([]);
    expect(after, 'pods made while draining').toBeGreaterThan(20);

    const exit = await injector.process.exited;
    const took = performance.now() - signalled;
    console.log(
      `${load.made()} pods, ${after} of them while draining, none failed; ended after ${Math.round(took)} ms`,
    );
    expect(exit).toEqual({ code: 0, signal: null });
    expect(took).toBeGreaterThanOrEqual(DRAIN_SECONDS * 1000 - 50);
    expect(took).toBeLessThan((DRAIN_SECONDS + 2) * 1000);
    expect(injector.lines().at(-1)?.msg).toBe('stopped');
    await webhook.remove();
  });

  test('ends the server at once when it is sent twice', async () => {
    const injector = await start(controlPlane.kubeconfigPath, 60);
    await injector.ready();
    injector.process.signal('SIGTERM');
    await waitFor('the drain to begin', () => injector.lines().some(({ msg }) => msg === 'draining'));
    expect(injector.process.exit()).toBeUndefined();
    const exit = await terminate(injector);
    expect(exit).toEqual({ code: 1, signal: null });
  });

  test('ends the server at once while the API server refuses connections', async () => {
    const injector = await start(kubeconfigFor(await freePort()), 60);
    await waitFor('a refused connection', () => injector.lines().some(({ level }) => level === 'warn'));
    expect((await injector.ask('/readyz')).status).toBe(503);
    expect(await terminate(injector)).toEqual({ code: 0, signal: null });
  });

  test('ends the server at once while the API server does not answer', async () => {
    const port = await freePort();
    const silent = createServer().listen(port, '127.0.0.1');
    onTestFinished(() => void silent.close());
    const called = once(silent, 'connection');
    const injector = await start(kubeconfigFor(port), 60);
    await called;
    expect((await injector.ask('/readyz')).status).toBe(503);
    expect(await terminate(injector)).toEqual({ code: 0, signal: null });
  });
});

/** Sends SIGTERM, and expects the process to end within a second. */
async function terminate(injector: Injector): ReturnType<Injector['stop']> {
  const signalled = performance.now();
  injector.process.signal('SIGTERM');
  const exit = await injector.process.exited;
  expect(performance.now() - signalled).toBeLessThan(1000);
  return exit;
}

/** Writes the kubeconfig of the control plane with another port. */
function kubeconfigFor(port: number): string {
  const path = join(controlPlane.dir, `kubeconfig-${port}`);
  const kubeconfig = readFileSync(controlPlane.kubeconfigPath, 'utf8');
  writeFileSync(path, kubeconfig.replaceAll(controlPlane.url, `https://127.0.0.1:${port}`));
  return path;
}
