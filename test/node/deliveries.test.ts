import { afterAll, beforeAll, describe, test } from 'vitest';
import { expectDelivered, LEVELS, prepare, rows, users, whyNotRun, type Level } from './delivered.ts';
import { startInjectedNode, type InjectedNode } from './injected-node.ts';
import { record, recorded } from './results.ts';
import { sampleOf } from './sample.ts';

// Each delivery of each built-in profile, in pods that really run: as root, as root and as a user with a number with a read-only root file system,
// and under Pod Security "restricted" with an fsGroup.

/** The part of the rows that runs on one day. Users and file systems matter more to a delivery than its profile does. */
const PARTS: { readonly [level in Level]: number } = { privileged: 3, baseline: 7, restricted: 4 };

let node: InjectedNode;
beforeAll(async () => {
  node = await startInjectedNode();
  await prepare(node);
});
afterAll(() => node?.stop());

describe.each(LEVELS)('in a namespace that is %s', (level) => {
  const titled = rows.map((row) => ({ ...row, title: `${row.profile.name} by ${row.delivery.name}` }));
  const able = titled.filter((row) => whyNotRun(row, level) === undefined);

  test.concurrent.each(sampleOf(able, PARTS[level]))('$title', async ({ profile, delivery }) => {
    const row = { profile: profile.name, delivery: `${delivery.name}, ${level}`, user: users(level).join(', ') };
    await recorded(row, () => expectDelivered(node, { profile, delivery }, level));
  });

  afterAll(() => {
    const forbidden = new Map(titled.map((row) => [row.delivery.name, whyNotRun(row, level)]));
    for (const [name, sign] of forbidden) {
      const common = { profile: 'each', delivery: `${name}, ${level}`, user: users(level).join(', ') };
      if (sign !== undefined) record({ ...common, result: 'not run', sign });
    }
  });
});
