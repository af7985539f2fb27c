import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chart } from '../support/chart.ts';
import { startNode, type Node } from '../support/node/node.ts';
import { injects } from '../support/replicas.ts';
import { waitFor } from '../support/wait-for.ts';
import { checkOut, earlierCommits, isHere, PLAIN_PATH } from './earlier.ts';
import {
  createClosedNamespace,
  expectNoneLost,
  installWithHelm,
  loadOn,
  moreOf,
  rowOf,
  uninstallWithHelm,
} from './installed.ts';
import { productImage } from './product.ts';
import { record } from './results.ts';
import { isWhole } from './sample.ts';

// The chart of an earlier commit with its image, upgraded to those of this commit and back, while pods are created that require the agent.

let node: Node;
beforeAll(async () => {
  node = await startNode();
  await node.addImage(productImage());
  await createClosedNamespace(node.client);
});
afterAll(() => node?.stop());

/** Installs the chart of a commit with its image. Returns how it is installed again. */
async function install(commit: string): Promise<() => Promise<unknown>> {
  const folder = join(node.folder, commit);
  checkOut(commit, folder);
  const tag = commit.replaceAll(/[^\w.-]/g, '-');
  await node.addImage(productImage(folder, tag));
  const again = (): Promise<unknown> => installWithHelm(node, join(folder, 'deploy/helm/agent-injector'), tag);
  await again();
  await waitFor('a pod with the agent', () => injects(node.client), { deadline: 60_000 });
  return again;
}

const upgrade = (): Promise<unknown> => installWithHelm(node, chart);

test('there is an earlier commit', () => {
  expect(earlierCommits()).not.toEqual([]);
});

/** Required pods are refused until the new replicas are called, and none gets in without the agent. */
async function expectRefusals(what: string, change: () => Promise<unknown>): Promise<void> {
  const load = await loadOn(node.client);
  await change();
  await waitFor('a pod with the agent', () => injects(node.client), { deadline: 60_000 });
  // Calls that began before that.
  await moreOf(load, 50);
  const refused = load.failures().length;
  await moreOf(load, 300);
  const failures = await load.end();
  expect(failures.slice(refused)).toEqual([]);
  for (const failure of failures) expect(failure).toContain('failed calling webhook');
  const sign = `${refused} of ${load.made()} required pods refused`;
  record({ ...rowOf(what), result: 'known failure', sign });
}

describe.each(earlierCommits())('from a commit: $name', ({ name, commit, keepsName }) => {
  let downgrade: () => Promise<unknown>;
  beforeAll(async () => {
    downgrade = await install(commit);
  });
  afterAll(() => uninstallWithHelm(node));

  test('the upgrade to this one loses no pod', async () => {
    await expectNoneLost(node.client, `upgrade from ${name}`, upgrade);
  });

  test.runIf(keepsName)('the way back loses no pod', async () => {
    await expectNoneLost(node.client, `downgrade to ${name}`, downgrade);
  });

  test.runIf(!keepsName)('on the way back, pods are refused for a while', async () => {
    await expectRefusals(`downgrade to ${name}`, downgrade);
  });
});

describe.runIf(isWhole && isHere(PLAIN_PATH))('from a commit with plain paths', () => {
  test('pods are refused until its replicas have ended, and none gets in without the agent', async () => {
    await install(PLAIN_PATH.commit);
    await expectRefusals(`upgrade from ${PLAIN_PATH.name}`, upgrade);
  });
});
