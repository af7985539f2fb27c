import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { outputText } from '../../../src/cli/program/output.ts';
import { start, stop } from '../../../src/cli/switch/switch.ts';
import { answers, FaultyApi, kubeconfig, temporaryDirectory } from '../../support/faulty-api.ts';

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
