import { afterAll, beforeAll, describe, test } from 'vitest';
import { expectDelivered, LEVELS, prepare, rows, users, whyNotRun } from './delivered.ts';
import { startInjectedNode, type InjectedNode } from './injected-node.ts';
import { record, recorded } from './results.ts';
import { sampleOf } from './sample.ts';

// Each delivery of each built-in profile, in pods that really run: as root, as a user with a number and a read-only root file system, and under
// Pod Security "restricted" with an fsGroup.

let node: InjectedNode;
beforeAll(async () => {
  node = await startInjectedNode();
  await prepare(node);
});
afterAll(() => node?.stop());

describe.each(LEVELS)('in a namespace that is %s', (level) => {
  const titled = rows.map((row) => ({ ...row, title: `${row.profile.name} by ${row.delivery.name}` }));
  const able = titled.filter((row) => whyNotRun(row, level) === undefined);
  // What "restricted" adds depends on the delivery more than on the profile.
  const selected = level === 'restricted' ? sampleOf(able, 3) : able;

  test.concurrent.each(selected)('$title', async ({ profile, delivery }) => {
    const row = { profile: profile.name, delivery: delivery.name, user: users(level).join(', ') };
    await recorded(row, () => expectDelivered(node, { profile, delivery }, level));
  });

  afterAll(() => {
    for (const row of titled) {
      const why = whyNotRun(row, level);
      const common = { profile: row.profile.name, delivery: row.delivery.name, user: users(level).join(', ') };
      if (why !== undefined) record({ ...common, result: 'not run', sign: why });
    }
  });
});
