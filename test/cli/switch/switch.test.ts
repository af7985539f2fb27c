import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { breaker } from '../../../src/cli/breaker/breaker.ts';
import { outputText } from '../../../src/cli/program/output.ts';
import { start, stop } from '../../../src/cli/switch/switch.ts';
import { answers, FaultyApi, json, kubeconfig, temporaryDirectory } from '../../support/faulty-api.ts';

// What stop and start say. That they do it: test/e2e/stop.test.ts.

const api = new FaultyApi();
let file: string;

beforeEach(async () => {
  await api.start();
  file = join(temporaryDirectory(), 'kubeconfig');
  const server = `http://127.0.0.1:${api.port}`;
  writeFileSync(file, kubeconfig(server, { 'insecure-skip-tls-verify': true }, { token: 'secret' }));
  api.faults.get = answers({ data: {} }, 200);
});
afterEach(() => api.kill());

const STARTED = /started again for/;

const configurationOf = (clientConfig: object): object => ({
  metadata: { name: 'zz-agent-injector' },
  webhooks: [{ name: 'enabled.agent-injector.io', clientConfig }],
});

it('start names the namespaces that are still stopped', async () => {
  api.put('shop', { 'agent-injector.io/suspended': 'true' });
  api.put('web', { 'agent-injector.io/suspended': 'false' });
  api.put('api', { 'agent-injector.io/suspended.acme-java': 'true' });
  const textOf = async (profile?: string): Promise<string> =>
    outputText((await start({ kubeconfig: file, switch: 'apm/switch', profile })).output);
  const ofAll = await textOf();
  expect(ofAll).toMatch(/Namespace shop is still stopped: .* start -n shop$/m);
  expect(ofAll).not.toMatch(/Namespace (?:web|api)/);
  expect(await textOf('acme-java')).toMatch(/Namespace api is still stopped: .* -n api --profile acme-java$/m);
});

it('stop names the way to stop a server that is registered by its address', async () => {
  const items = [configurationOf({ url: 'https://10.0.0.9:8443/mutate/secret' })];
  api.faults.get = answers({ items }, 200);
  await expect(stop({ kubeconfig: file })).rejects.toThrow(
    /kubectl delete mutatingwebhookconfiguration zz-agent-injector/,
  );
  await expect(stop({ kubeconfig: file })).rejects.not.toThrow(/secret/);
});

it.each([
  ['the cluster', {}],
  ['a namespace', { namespace: 'shop' }],
])('stop says what to do where no replica carries it out, and nothing of it where one does: %s', async (_, flags) => {
  const items = [configurationOf({ service: { namespace: 'apm', name: 'agent-injector' } })];
  const textWith = async (readyReplicas: number): Promise<string> => {
    api.faults.get = answers({ items, spec: { replicas: 2 }, status: { readyReplicas } }, 200);
    return outputText((await stop({ kubeconfig: file, ...flags })).output);
  };
  expect(await textWith(0)).toMatch(
    /0 of 2 replicas .*\n.*kubectl delete mutatingwebhookconfiguration zz-agent-injector/,
  );
  expect(await textWith(1)).not.toContain('delete');
});

it.each([
  ['the cluster', { switch: 'apm/switch' }],
  ['the cluster, to report only', { switch: 'apm/switch', mode: 'dry-run' as const }],
  ['a profile', { switch: 'apm/switch', profile: 'acme-java' }],
  ['a namespace', { namespace: 'shop' }],
])('stop does not say that injection has started, and start does: %s', async (_, flags) => {
  const [stopped = ''] = outputText((await stop({ kubeconfig: file, ...flags })).output).split('\n');
  expect(stopped).not.toMatch(STARTED);
  expect(stopped).toMatch(/is stopped for|is only reported for/);
  const { mode, ...same } = { mode: undefined, ...flags };
  expect(outputText((await start({ kubeconfig: file, ...same })).output)).toMatch(STARTED);
});

it('stop -n is an error where the servers ignore the annotation, and writes nothing', async () => {
  const service = { namespace: 'apm', name: 'agent-injector' };
  const configuration = { webhooks: [{ name: 'enabled.agent-injector.io', clientConfig: { service } }] };
  const seen: (string | undefined)[] = [];
  const settableBy = (levels: string): void => {
    api.faults.get = ({ method, url = '' }, response) => {
      seen.push(method);
      const settings = `settableBy: suspended=${levels}\n`;
      json(
        response,
        url.includes('webhook') ? { items: [configuration] } : { data: { 'agent-injector.yaml': settings } },
      );
    };
  };
  settableBy('cluster');
  await expect(stop({ kubeconfig: file, namespace: 'shop' })).rejects.toThrow('settableBy');
  expect(seen).not.toContain('PATCH');
  settableBy('cluster|namespace');
  expect(outputText((await stop({ kubeconfig: file, namespace: 'shop' })).output)).toContain('is stopped for');
  expect(seen).toContain('PATCH');
});

it.each([
  ['the cluster', { switch: 'apm/switch' }],
  ['a namespace', { namespace: 'shop' }],
])(
  'stop of a misspelled profile is an error that names the one that was meant, and writes nothing: %s',
  async (_, flags) => {
    const seen: (string | undefined)[] = [];
    api.faults.get = ({ method }, response) => {
      seen.push(method);
      json(response, { data: {} });
    };
    await expect(stop({ kubeconfig: file, profile: 'jenifer-dotnet', ...flags })).rejects.toThrow('jennifer-dotnet');
    expect(seen).not.toContain('PATCH');
    // What has been written once can be undone.
    await start({ kubeconfig: file, profile: 'jenifer-dotnet', ...flags });
    expect(seen).toContain('PATCH');
  },
);

it('stop of a profile that is not known here says so, and stops it: servers have profiles of their own', async () => {
  const { messages, exitCode } = await stop({ kubeconfig: file, switch: 'apm/switch', profile: 'acme-rust' });
  expect(messages?.join()).toContain('acme-rust');
  expect(exitCode).toBe(0);
  const known = await stop({ kubeconfig: file, switch: 'apm/switch', profile: 'jennifer-dotnet' });
  expect(known.messages).toEqual([]);
});

it.each<[flag: string, run: (flags: object) => Promise<unknown>]>([
  ['--switch', (flags) => stop({ kubeconfig: file, ...flags })],
  ['--breaker', (flags) => breaker({ kubeconfig: file, output: 'text', ...flags })],
])('who may not look for the servers is told the flag of the command: %s', async (flag, run) => {
  api.faults.get = answers({ kind: 'Status', message: 'forbidden' }, 403);
  await expect(run({})).rejects.toThrow(new RegExp(`${flag}$`));
  await expect(run({ [flag.slice(2)]: 'nonsense' })).rejects.toThrow(`${flag}: `);
});
