import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectDelivered, prepare, rows, users, type Row } from './delivered.ts';
import { startInjectedNode, type InjectedNode } from './injected-node.ts';
import { record, recorded } from './results.ts';
import { sampleOf } from './sample.ts';

// containerd 2.1 ignores subPath of an image volume, and mounts the image's root.

let node: InjectedNode;
const of = (type: Row['delivery']['type']): readonly Row[] => rows.filter(({ delivery }) => delivery.type === type);
const selected = [...of('image'), ...sampleOf(of('initContainer'), 6)].map((row) => ({
  ...row,
  title: `${row.profile.name} by ${row.delivery.name}`,
}));
const hasSubPath = ({ delivery }: Row): boolean => delivery.type === 'image' && delivery.subPath !== undefined;

beforeAll(async () => {
  node = await startInjectedNode({ containerd: '2.1' });
  await prepare(node, [...new Set(selected.map(({ profile }) => profile))]);
});
afterAll(() => node?.stop());

const rowOf = ({ profile, delivery }: Row) => ({
  profile: profile.name,
  delivery: `${delivery.name}, containerd 2.1`,
  user: users('privileged').join(', '),
});

describe('on containerd 2.1', () => {
  test.concurrent.each(selected.filter((row) => !hasSubPath(row)))('$title', (row) =>
    recorded(rowOf(row), () => expectDelivered(node, row, 'privileged')),
  );

  // The rule that such a node gets no image volume with a subPath is missing: field report F1.
  test.concurrent.each(selected.filter(hasSubPath))('$title ends in an error', async (row) => {
    const error = await expectDelivered(node, row, 'privileged').catch((reason: unknown) => String(reason));
    record({ ...rowOf(row), result: 'known failure', sign: error });
    expect(error).toMatch(/RunContainerError|StartError|can't open/);
  });

  test('the node says its version', async () => {
    const { status } = await node.client.get<{ status: { nodeInfo: { containerRuntimeVersion: string } } }>({
      kind: 'Node',
      name: 'localhost',
    });
    expect(status.nodeInfo.containerRuntimeVersion).toMatch(/^containerd:\/\/v?2\.1\./);
  });
});
