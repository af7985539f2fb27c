import { expect, onTestFinished, test } from 'vitest';
import { optedIn } from '../support/injected-cluster.ts';
import { anonymousMiB } from '../support/process-figures.ts';
import { waitFor } from '../support/wait-for.ts';
import { memoryCgroup } from './cgroup.ts';
import { figure } from './figure.ts';
import { domainNow } from './shop.ts';
import { startWatchedServer } from './watched-server.ts';

// People who may annotate namespaces write as much as the API server accepts. The limit is the chart's default.

const LIMIT_MIB = 256;
const NAMESPACES = 2000;
const ANNOTATIONS = 250_000;
const WAIT = { deadline: 120_000 };

const cgroup = memoryCgroup(LIMIT_MIB);

/** Half of them are opted in, and half of those have more keys of ours than a person would write. */
function fat(index: number, letter: string): Readonly<Record<string, string>> {
  const name = (number: number): string => `agent-injector.io/${index % 4 < 2 ? 'domain-id' : `x-${number}`}`;
  const keys = index % 4 < 2 ? 1 : 1_000;
  return Object.fromEntries(
    Array.from({ length: keys }, (_, number) => [name(number), letter.repeat(ANNOTATIONS / keys)]),
  );
}

test.runIf(cgroup)(
  `the server works with ${LIMIT_MIB} MiB for ${NAMESPACES} namespaces of ${ANNOTATIONS} bytes of annotations each`,
  async () => {
    if (!cgroup) return;
    const { labels } = optedIn({});
    const { api, injector, change, stop } = await startWatchedServer({ through: cgroup.through }, (fake) => {
      fake.pageItems = 500;
      for (let index = 0; index < NAMESPACES; index += 1)
        fake.put(`fat-${index}`, fat(index, 'x'), index % 2 === 0 ? labels : {});
    });
    onTestFinished(async () => {
      await stop();
      await cgroup.remove();
    });
    const { pid } = injector.process;
    let most = anonymousMiB(pid);
    const sampling = setInterval(() => {
      most = Math.max(most, anonymousMiB(pid));
    }, 20);
    onTestFinished(() => clearInterval(sampling));
    const started = `${Math.round(anonymousMiB(pid))} MiB after the start (peak ${Math.round(cgroup.peakMiB())})`;
    expect(await domainNow(injector)).toBe('1000');

    // Each of them changes while the server runs.
    for (let index = 0; index < NAMESPACES; index += 1) {
      api.put(`fat-${index}`, fat(index, 'y'), index % 2 === 0 ? labels : {});
      // The test holds what the server has not read yet.
      if (index % 200 === 0) await delivered(api, change, injector, String(2000 + index));
    }
    await delivered(api, change, injector, '5000');

    // The whole list is read again while the first one is in use.
    const lists = api.count('list');
    api.closeWatches((watcher) => watcher.destroy());
    await waitFor('the list to be read again', () => api.count('list') > lists && api.watching === 1, WAIT);
    await delivered(api, change, injector, '6000');

    console.log(`${started}, at most ${Math.round(most)} MiB (peak of the cgroup ${Math.round(cgroup.peakMiB())})`);
    expect(cgroup.oomKills(), 'kills').toBe(0);
    expect(injector.process.exit()).toBeUndefined();
    expect((await injector.ask('/readyz')).status).toBe(200);
    figure('fat-namespaces', Math.round(most));
  },
  300_000,
);

type Started = Awaited<ReturnType<typeof startWatchedServer>>;

async function delivered(
  api: Started['api'],
  change: Started['change'],
  injector: Started['injector'],
  domain: string,
): Promise<void> {
  expect(api.watching).toBe(1);
  change(domain);
  await waitFor('the events to be read', async () => (await domainNow(injector)) === domain, WAIT);
}
