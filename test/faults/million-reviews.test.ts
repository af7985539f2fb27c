import { expect, onTestFinished, test } from 'vitest';
import { optedIn } from '../support/injected-cluster.ts';
import { anonymousMiB } from '../support/process-figures.ts';
import { podOf, reviewText } from '../support/reviews.ts';
import { memoryCgroup } from './cgroup.ts';
import { figure } from './figure.ts';
import { startLoader } from './load.ts';
import { domainNow } from './shop.ts';
import { startWatchedServer } from './watched-server.ts';

// Reviews of every kind, each with text of its own, and a server that keeps nothing of them. The limit is the chart's default.

const LIMIT_MIB = 256;
const IS_LONG = process.env['FAULTS_LONG'] === '1';
const REVIEWS = IS_LONG ? 1_000_000 : 20_000;
/** After this many, the answer cache is full and the code compiled. */
const WARM_UP = IS_LONG ? 50_000 : 10_000;
const ROUND = IS_LONG ? 5_000 : 500;
/** Memory goes up and down with each garbage collection, so each figure is a median of this many rounds. */
const ROUNDS = 10;

const prefix = 'agent-injector.io';
const at = (name: string): string => `${prefix}/${name}`;

/** A pod with these containers, and with these annotations besides the `number` that makes it different from others. */
function pod(containers: number, variables: number, annotations: object = {}, metadata: object = {}): object {
  const base = podOf(containers, variables) as { readonly metadata: { readonly annotations: object } };
  const own = { ...base.metadata, ...metadata, annotations: { ...base.metadata.annotations, ...annotations } };
  return { ...base, metadata: own };
}

const ownedBy = (kind: string): object => ({
  generateName: 'web-',
  ownerReferences: [{ apiVersion: 'apps/v1', kind, name: 'web-NUMBER', uid: 'uid-NUMBER', controller: true }],
});

const once: readonly string[] = [
  reviewText('shop', pod(1, 2)),
  reviewText('shop', pod(3, 5, { [at('containers')]: '*' })),
  reviewText('shop', pod(1, 2, { [at('domain-id')]: 'not valid NUMBER' }, ownedBy('ReplicaSet'))),
  reviewText('shop', pod(1, 2, { [at('profile')]: 'unknown-NUMBER' }, ownedBy('StatefulSet'))),
  reviewText('shop', pod(2, 2, { [at('nonsense-NUMBER')]: 'x', [at('domian-id')]: '1' })),
  reviewText('shop', pod(2, 2, { [at('containers')]: 'missing-NUMBER' }, ownedBy('Job'))),
  reviewText('must', pod(1, 2, { [at('domain-id')]: 'not valid NUMBER' })),
  reviewText('several', pod(1, 2, {}, ownedBy('DaemonSet'))),
  reviewText('off', pod(1, 2)),
  reviewText('made-up-NUMBER', pod(1, 2)),
];

/** Twice each, so that the answers are remembered. */
const pairs = once.map((text) => text.replaceAll('NUMBER', 'PAIR'));

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const cgroup = memoryCgroup(LIMIT_MIB);

test.runIf(cgroup)(
  `${LIMIT_MIB} MiB are enough for ${REVIEWS} varied reviews, and nothing of them stays`,
  async () => {
    if (!cgroup) return;
    const { injector, stop } = await startWatchedServer(
      {
        through: cgroup.through,
        ...(process.env['SNAPSHOTS'] && { env: { NODE_OPTIONS: '--heapsnapshot-signal=SIGWINCH' } }),
      },
      (fake) => {
        const several = 'jennifer-dotnet,opentelemetry-java,elastic-nodejs,newrelic-python';
        const { labels, annotations } = optedIn({ profile: several, containers: '*' });
        fake.put('several', annotations, labels);
        const { annotations: plain } = optedIn({});
        fake.put('must', plain, { [at('injection')]: 'required' });
        fake.put('off', {}, {});
      },
    );
    const loader = startLoader();
    onTestFinished(async () => {
      loader.end();
      await stop();
      await cgroup.remove();
    });
    const { pid } = injector.process;
    const port = Number(new URL(injector.url).port);
    const job = { port, ca: injector.ca, timeout: 30, bodies: [...once, ...pairs], seconds: 600, atATime: 8 };
    const rounds: number[] = [];
    let lost = 0;
    for (let sent = 0; sent < REVIEWS;) {
      const outcome = await loader.run({ ...job, first: sent, count: ROUND });
      sent += outcome.sent;
      lost += outcome.failed + outcome.hung + outcome.wrong;
      rounds.push(anonymousMiB(pid));
      if (sent % (ROUND * 10) === 0)
        console.log(
          `${sent} reviews, ${Math.round(median(rounds.slice(-ROUNDS)))} MiB, ${Math.round(outcome.sent / outcome.elapsed)} a second`,
          lost > 0 ? outcome.errors : '',
        );
    }
    const before = median(rounds.slice(WARM_UP / ROUND, WARM_UP / ROUND + ROUNDS));
    const after = median(rounds.slice(-ROUNDS));
    console.log(
      `${Math.round(before)} MiB after ${WARM_UP} reviews, ${Math.round(after)} MiB after ${REVIEWS}, at most ${Math.round(Math.max(...rounds))} MiB; peak of the cgroup ${Math.round(cgroup.peakMiB())} MiB`,
    );
    expect(cgroup.oomKills(), 'kills').toBe(0);
    expect(await domainNow(injector)).toBe('1000');
    figure('reviews-lost', lost);
    figure('reviews-growth', Math.max(0, Math.round(after - before)));
  },
  IS_LONG ? 7_200_000 : 300_000,
);
