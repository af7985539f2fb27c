import { onTestFinished, expect, test } from 'vitest';
import { setTimeout as delay } from 'node:timers/promises';
import { container, podOf, type Pod } from '../support/pod.ts';
import { figure } from './figure.ts';
import { startPacedLoad } from './paced-load.ts';
import { anonymousMiB, cpuMs, peakMiB } from '../support/process-figures.ts';
import { domainNow, SHOP } from './shop.ts';
import { startWatchedServer } from './watched-server.ts';

// A memory limit of 128 MiB, half of the chart's default.

const SECONDS = process.env['FAULTS_LONG'] === '1' ? 60 : 15;
const NAMESPACES = 1000;
const PER_SECOND = 200;
const LIMIT_MIB = 128;
/** What the process has reserved and not used, which counts for ulimit and not for a container. */
const RESERVED_MIB = 16;
/** The heap limits that Node chooses itself in a container with 128 MiB: half of it for the old generation, and little for the young one. */
const HEAP = '--max-old-space-size=64 --max-semi-space-size=1';

/** 1 MiB, mostly variables. */
const large: Pod = podOf(SHOP, 'large', {
  spec: {
    containers: Array.from({ length: 10 }, (_, index) =>
      container(`c-${index}`, {
        env: Array.from({ length: 1500 }, (__, number) => ({ name: `VARIABLE_${number}`, value: 'y'.repeat(30) })),
      }),
    ),
  },
});

test(
  `the server works with ${LIMIT_MIB} MiB for ${NAMESPACES} namespaces and ${PER_SECOND} reviews/s, some of them of large pods`,
  async () => {
    // RLIMIT_DATA limits all private writable memory, while the limit of a container counts only what was used. Stacks are smaller here, because
    // threads use little of theirs.
    const through = ['sh', '-c', `ulimit -s 2048; ulimit -d ${(LIMIT_MIB + RESERVED_MIB) * 1024}; exec "$@"`, 'sh'];
    const env = { NODE_OPTIONS: HEAP };
    const { api, injector, stop } = await startWatchedServer({ through, env }, (fake) => {
      fake.pageItems = 500;
      for (let index = 0; index < NAMESPACES; index += 1) fake.put(`namespace-${index}`, { owner: `team-${index}` });
    });
    onTestFinished(stop);
    const { pid } = injector.process;
    const idle = anonymousMiB(pid);
    let most = idle;
    const sampling = setInterval(() => {
      most = Math.max(most, anonymousMiB(pid));
    }, 50);
    onTestFinished(() => clearInterval(sampling));
    const load = startPacedLoad({
      port: Number(new URL(injector.url).port),
      ca: injector.ca,
      perSecond: PER_SECOND,
      // A large pod every two seconds.
      pod: (index) => (index % (2 * PER_SECOND) === PER_SECOND ? large : podOf(SHOP, `web-${index}`)),
    });
    await delay((SECONDS + 2) * 1000);
    await load.end();
    console.log(
      `${load.sent()} reviews, ${JSON.stringify(large).length} bytes in a large one; ${Math.round(idle)} MiB before, ${Math.round(most)} MiB at most (with files ${Math.round(peakMiB(pid))} MiB); ` +
        `${Math.round(cpuMs(pid) / 1000)} s of CPU, longest answer ${load.longestMs()} ms`,
      load.failures().slice(0, 5),
    );
    expect(load.failures().slice(0, 5)).toEqual([]);
    expect(load.sent(), 'reviews').toBeGreaterThan(SECONDS * PER_SECOND * 0.9);
    expect(injector.process.exit()).toBeUndefined();
    expect(await domainNow(injector)).toBe('1000');
    expect((await injector.ask('/readyz')).status).toBe(200);
    expect(api.watching).toBe(1);
    figure('memory', Math.round(most));
  },
  (SECONDS + 60) * 1000,
);
