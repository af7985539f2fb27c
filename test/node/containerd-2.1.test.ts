import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectDelivered, prepare, rows, users, type Row } from './delivered.ts';
import { profiles } from './layouts.ts';
import { startInjectedNode, type InjectedNode } from './injected-node.ts';
import { record, recorded } from './results.ts';
import { sampleOf } from './sample.ts';

// containerd 2.1 ignores subPath of an image volume, and mounts the image's root.

let node: InjectedNode;
const hasSubPath = ({ delivery }: Row): boolean => delivery.kind === 'image' && delivery.subPath !== undefined;
const automatic = profiles.flatMap((profile) => rows.find((row) => row.profile === profile) ?? []);
const byImage = rows.filter(({ delivery }) => delivery.kind === 'image');
const titled = (row: Row) => ({ ...row, title: `${row.profile.name} by ${row.delivery.name}` });

beforeAll(async () => {
  node = await startInjectedNode({ containerd: '2.1' });
  await prepare(node, { levels: ['privileged'] });
});
afterAll(() => node?.stop());

const rowOf = ({ profile }: Row, setting: string) => ({
  profile: profile.name,
  delivery: `${setting}, containerd 2.1`,
  user: users('privileged').join(', '),
});

describe('on containerd 2.1', () => {
  test.concurrent.each(automatic)('$profile.name runs by the delivery that is chosen', (row) =>
    recorded(rowOf(row, 'auto'), () => expectDelivered(node, row, 'privileged', 'auto')),
  );

  test.concurrent.each(byImage.filter((row) => !hasSubPath(row)).map(titled))('$title runs', (row) =>
    recorded(rowOf(row, row.delivery.name), () => expectDelivered(node, row, 'privileged')),
  );

  // Such a delivery is used only if a setting names it.
  const broken = sampleOf(byImage.filter(hasSubPath), 4).map(titled);
  test.concurrent.each(broken)('$title, which a user has named, ends in an error', async (row) => {
    const error = await expectDelivered(node, row, 'privileged').catch((reason: unknown) => String(reason));
    record({ ...rowOf(row, row.delivery.name), result: 'known failure', sign: error });
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
