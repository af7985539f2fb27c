import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { waitFor } from '../support/wait-for.ts';
import { figure } from './figure.ts';
import { domainNow } from './shop.ts';
import { startWatchedServer } from './watched-server.ts';

// The process is paused, as when its node is frozen or migrated, while the cluster changes.

const SECONDS = process.env['FAULTS_LONG'] === '1' ? 60 : 20;

test(`a server that was paused for ${SECONDS} s applies a missed change, and sends few requests`, async () => {
  const { api, injector, change, requests, stop } = await startWatchedServer();
  onTestFinished(stop);
  injector.process.signal('SIGSTOP');
  await delay(1000);
  change('1001');
  const late = domainNow(injector);
  await delay((SECONDS - 1) * 1000);

  const before = requests();
  injector.process.signal('SIGCONT');
  const resumed = performance.now();
  await waitFor('the change to take effect', async () => (await domainNow(injector)) === '1001', { interval: 10 });
  figure('paused-recovery', Math.round((performance.now() - resumed) / 100) / 10);
  expect(['1000', '1001']).toContain(await late);
  await waitFor('10 s to be over', () => performance.now() - resumed > 10_000);
  figure('paused-requests', requests() - before);
  expect((await injector.ask('/readyz')).status).toBe(200);

  change('1002');
  await waitFor('the watch to continue', async () => (await domainNow(injector)) === '1002', { deadline: 5000 });
  expect(api.watching).toBe(1);
  expect(injector.lines().filter(({ level }) => level === 'error')).toEqual([]);
});
