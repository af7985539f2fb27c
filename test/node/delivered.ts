import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Delivery } from '../../src/profiles/delivery.ts';
import type { Profile } from '../../src/profiles/profile.ts';
import { render } from '../../src/profiles/template.ts';
import { ours } from '../support/injected-cluster.ts';
import type { Pod } from '../support/pod.ts';
import { podOf, recordOf } from '../support/pod.ts';
import { isLetIn, settingsFor } from '../support/sample-values.ts';
import { agentImage, imageOf, profiles, writeFiles } from './layouts.ts';
import { createClaim, createVolume } from './claims.ts';
import { APP_IMAGE, optedInAt, type InjectedNode } from './injected-node.ts';
import { runningPod } from './pods.ts';
import { expectShown, mountsOf, showing, type MountOf } from './shown.ts';

export const LEVELS = ['privileged', 'baseline', 'restricted'] as const;

/** The levels of Pod Security. */
export type Level = (typeof LEVELS)[number];

export interface Row {
  readonly profile: Profile;
  readonly delivery: Delivery;
}

/** Each delivery of each built-in profile. */
export const rows: readonly Row[] = profiles.flatMap((profile) =>
  profile.deliveries.map((delivery) => ({ profile, delivery })),
);

/** Why a row cannot run in a namespace of this level. */
export function whyNotRun({ delivery }: Row, level: Level): string | undefined {
  return isLetIn(delivery, level) ? undefined : `Pod Security "${level}" forbids it`;
}

export const namespaceOf = (profile: Profile, level: Level): string => `${level}-${profile.name}`;
const CLAIM = 'agents';

/**
 * Makes the images of the agents, the drivers that their profiles name, and for each profile a namespace of each level with a claim that has the
 * agent's files.
 */
export async function prepare(
  node: InjectedNode,
  {
    selected = profiles,
    levels = LEVELS,
  }: { readonly selected?: readonly Profile[]; readonly levels?: readonly Level[] } = {},
): Promise<void> {
  for (const profile of selected) await node.addImage(imageOf(profile));
  await Promise.all(selected.flatMap((profile) => levels.map((level) => prepareNamespace(node, profile, level))));
  // Profiles of one driver share its volume: their files have different names.
  const drivers = new Map<string, string>();
  for (const { profile, delivery } of rows) {
    if (delivery.kind !== 'csi' || !selected.includes(profile)) continue;
    const folder = join(node.folder, 'csi', delivery.driver);
    writeFiles(profile, join(folder, delivery.subPath ? render(delivery.subPath, new Map()) : ''));
    drivers.set(delivery.driver, folder);
  }
  for (const [driver, folder] of drivers) await node.addCsiDriver(driver, folder);
}

async function prepareNamespace({ client, folder }: InjectedNode, profile: Profile, level: Level): Promise<void> {
  const files = join(folder, 'files', profile.name);
  writeFiles(profile, files);
  const namespace = namespaceOf(profile, level);
  const settings = { 'agent-image': agentImage(profile), 'claim-name': CLAIM, 'host-path': files };
  const own = Object.entries(settings).filter(([name]) => profile.parameters.has(name));
  const needed = profile.deliveries
    .filter(({ kind }) => kind === 'csi')
    .map((delivery) => settingsFor(profile, delivery));
  await client.createNamespace(
    namespace,
    optedInAt(
      level,
      Object.assign({ profile: profile.name }, settingsFor(profile), ...needed, Object.fromEntries(own)),
    ),
  );
  await createClaim(client, { namespace, name: CLAIM, path: files });
}

/** What a pod needs of the cluster: an ephemeral volume binds a volume of its own. */
export async function prepareVolume(node: InjectedNode, { delivery }: Row): Promise<void> {
  if (delivery.kind !== 'ephemeral') return;
  const name = `empty-${randomUUID()}`;
  const folder = join(node.folder, name);
  mkdirSync(folder);
  // As a storage driver does where the pod has an fsGroup.
  chmodSync(folder, 0o777);
  await createVolume(node.client, name, folder);
}

const RESTRICTED = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
};

/** The containers by user. A root file system is read-only for root in one level, and for a user with a number in two. */
const CONTAINERS: { readonly [level in Level]: readonly (readonly [user: string, securityContext: object])[] } = {
  privileged: [
    ['0', { runAsUser: 0 }],
    ['1234', { runAsUser: 1234, readOnlyRootFilesystem: true }],
  ],
  baseline: [['0', { runAsUser: 0, readOnlyRootFilesystem: true }]],
  restricted: [['4321', RESTRICTED]],
};

const POD_CONTEXT: { readonly [level in Level]: object } = {
  privileged: {},
  baseline: {},
  restricted: { runAsNonRoot: true, runAsUser: 4321, fsGroup: 2000, seccompProfile: { type: 'RuntimeDefault' } },
};

export const users = (level: Level): readonly string[] => CONTAINERS[level].map(([user]) => user);

/**
 * Creates a pod for a row, and expects that it runs and that each container has the files and the variables of the plan. With the setting `auto`
 * the injector chooses among the deliveries that bring files.
 */
export async function expectDelivered(
  node: InjectedNode,
  row: Row,
  level: Level,
  setting: string = row.delivery.name,
): Promise<string> {
  const { profile } = row;
  const namespace = namespaceOf(profile, level);
  const name = setting.toLowerCase();
  const image = row.delivery.kind === 'preinstalled' ? agentImage(profile) : APP_IMAGE;
  const command = ['sleep', '3600'];
  await prepareVolume(node, row);
  const { object } = await node.client.create<Pod>(
    podOf(namespace, name, {
      annotations: ours({ delivery: setting }),
      spec: {
        terminationGracePeriodSeconds: 0,
        automountServiceAccountToken: false,
        securityContext: POD_CONTEXT[level],
        containers: CONTAINERS[level].map(([user, securityContext]) => ({
          name: `user-${user}`,
          image,
          command,
          securityContext,
        })),
      },
    }),
  );
  expect(recordOf(object), 'the decision').toMatchObject({ decision: 'injected' });
  try {
    await runningPod(node.client, namespace, name);
    const signs = await Promise.all(users(level).map((user) => expectAgentIn(node, profile, object, user)));
    return [...new Set(signs)].join(', ');
  } finally {
    await node.client.delete({ kind: 'Pod', namespace, name });
  }
}

async function expectAgentIn(node: InjectedNode, profile: Profile, pod: Pod, user: string): Promise<string> {
  const container = pod.spec.containers.find((one) => one.name === `user-${user}`);
  if (!container) throw new Error(`no container of user ${user}`);
  const written = mountsOf(container).filter((mount) => isWritable(pod, mount));
  const script = [showing(profile), ...written.map(({ mountPath }) => `touch ${mountPath}/by-${user}`)].join('; ');
  const { namespace = '', name = '' } = pod.metadata ?? {};
  const output = await node.exec(namespace, name, container.name, ['sh', '-c', script]);
  return expectShown(profile, container, user, output);
}

function isWritable(pod: Pod, { name, readOnly }: MountOf): boolean {
  const volumes = (pod.spec['volumes'] ?? []) as readonly { readonly name: string; readonly emptyDir?: object }[];
  return readOnly !== true && volumes.some((one) => one.name === name && one.emptyDir !== undefined);
}
