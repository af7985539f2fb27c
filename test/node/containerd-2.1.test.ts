import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectDelivered, prepare, rows, users, type Row } from './delivered.ts';
import { startInjectedNode, type InjectedNode } from './injected-node.ts';
import { record } from './results.ts';
import { sampleOf } from './sample.ts';

// containerd 2.1 ignores subPath of an image volume, and mounts the image's root.

let node: InjectedNode;
const byImage = rows.filter(({ delivery }) => delivery.type === 'image' || delivery.type === 'initContainer');
const selected = sampleOf(byImage, 2).map((row) => ({ ...row, title: `${row.profile.name} by ${row.delivery.name}` }));
const hasSubPath = ({ delivery }: Row): boolean => delivery.type === 'image' && delivery.subPath !== undefined;

beforeAll(async () => {
  node = await startInjectedNode({ containerd: '2.1' });
  await prepare(node, [...new Set(selected.map(({ profile }) => profile))]);
});
afterAll(() => node?.stop());

async function check({ profile, delivery }: Row): Promise<void> {
  const row = { profile: profile.name, delivery: `${delivery.name}, containerd 2.1`, user: users('privileged').join(', ') };
  record({ ...row, result: 'pass', sign: await expectDelivered(node, { profile, delivery }, 'privileged') });
}

describe('on containerd 2.1', () => {
  test.concurrent.each(selected.filter((row) => !hasSubPath(row)))('$title', check);

  // The mount fails, or the agent is not where the variables say: see delivery `image` in docs/profile-language.md.
  test.concurrent.fails.each(selected.filter(hasSubPath))('$title', check);

  test('the node says its version', async () => {
    const { status } = await node.client.get<{ status: { nodeInfo: { containerRuntimeVersion: string } } }>({
      kind: 'Node',
      name: 'localhost',
    });
    expect(status.nodeInfo.containerRuntimeVersion).toMatch(/^containerd:\/\/v?2\.1\./);
  });
});
