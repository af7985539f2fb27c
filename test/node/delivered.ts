import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { isObject } from '../../src/lib/json.ts';
import type { Delivery } from '../../src/profiles/delivery.ts';
import type { Profile } from '../../src/profiles/profile.ts';
import { ours } from '../support/injected-cluster.ts';
import { expand } from '../support/kubelet-environment.ts';
import type { Container, Pod } from '../support/pod.ts';
import { podOf, recordOf } from '../support/pod.ts';
import { isLetIn, settingsFor } from '../support/sample-values.ts';
import { agentImage, directoryOf, imageOf, isDirectory, layoutOf, profiles, textOf, writeFiles } from './layouts.ts';
import { createClaim, createVolume } from './claims.ts';
import { APP_IMAGE, optedInAt, type InjectedNode } from './injected-node.ts';
import { runningPod } from './pods.ts';

export type Level = 'privileged' | 'restricted';

export interface Row {
  readonly profile: Profile;
  readonly delivery: Delivery;
}

/** Each delivery of each built-in profile. */
export const rows: readonly Row[] = profiles.flatMap((profile) =>
  profile.deliveries.map((delivery) => ({ profile, delivery })),
);

/** Why a row cannot run on a node of a test, or in a namespace of this level. */
export function whyNotRun({ delivery }: Row, level: Level): string | undefined {
  if (delivery.type === 'csi') return `the node has no driver ${delivery.driver}`;
  return isLetIn(delivery, level) ? undefined : `Pod Security "${level}" forbids it`;
}

const namespaceOf = (profile: Profile, level: Level): string => `${level}-${profile.name}`;
const CLAIM = 'agents';

/** Makes the images of the agents, and for each profile a namespace of each level with a claim that has the agent's files. */
export async function prepare(node: InjectedNode, selected: readonly Profile[] = profiles): Promise<void> {
  for (const profile of selected) await node.addImage(imageOf(profile));
  await Promise.all(selected.flatMap((profile) => LEVELS.map((level) => prepareNamespace(node, profile, level))));
  for (const level of LEVELS) {
    const folder = join(node.folder, 'empty', level);
    mkdirSync(folder, { recursive: true });
    // As a storage driver does where the pod has an fsGroup.
    chmodSync(folder, 0o777);
    await createVolume(node.client, `empty-${level}`, folder);
  }
}

export const LEVELS: readonly Level[] = ['privileged', 'restricted'];

async function prepareNamespace({ client, folder }: InjectedNode, profile: Profile, level: Level): Promise<void> {
  const files = join(folder, 'files', profile.name);
  writeFiles(profile, files);
  const namespace = namespaceOf(profile, level);
  const settings = { 'agent-image': agentImage(profile), 'claim-name': CLAIM, 'host-path': files };
  const own = Object.entries(settings).filter(([name]) => profile.parameters.has(name));
  await client.createNamespace(
    namespace,
    optedInAt(level, { profile: profile.name, ...settingsFor(profile), ...Object.fromEntries(own) }),
  );
  await createClaim(client, { namespace, name: CLAIM, path: files });
}

const RESTRICTED = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
};

/** The containers by user. One pod has root and a numbered user, whose root file system is read-only. */
const CONTAINERS: { readonly [level in Level]: readonly (readonly [user: string, securityContext: object])[] } = {
  privileged: [
    ['0', { runAsUser: 0 }],
    ['1234', { runAsUser: 1234, readOnlyRootFilesystem: true }],
  ],
  restricted: [['4321', RESTRICTED]],
};

const POD_CONTEXT: { readonly [level in Level]: object } = {
  privileged: {},
  restricted: { runAsNonRoot: true, runAsUser: 4321, fsGroup: 2000, seccompProfile: { type: 'RuntimeDefault' } },
};

export const users = (level: Level): readonly string[] => CONTAINERS[level].map(([user]) => user);

/**
 * Creates a pod for a row, and expects that it runs and that each container has the files and the variables of the plan. With the setting `auto`
 * the injector chooses among the deliveries that bring files.
 */
export async function expectDelivered(
  node: InjectedNode,
  { profile, delivery }: Row,
  level: Level,
  setting: string = delivery.name,
): Promise<string> {
  const namespace = namespaceOf(profile, level);
  const name = setting.toLowerCase();
  const image = delivery.type === 'baked' ? agentImage(profile) : APP_IMAGE;
  const command = ['sleep', '3600'];
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
    const signs = await Promise.all(
      CONTAINERS[level].map(([user]) => expectAgentIn(node, { namespace, name, profile, pod: object, user })),
    );
    return signs.join(', ');
  } finally {
    await node.client.delete({ kind: 'Pod', namespace, name });
  }
}

interface Target {
  readonly namespace: string;
  readonly name: string;
  readonly profile: Profile;
  readonly pod: Pod;
  readonly user: string;
}

const SEPARATOR = '=====';

async function expectAgentIn(node: InjectedNode, { namespace, name, profile, pod, user }: Target): Promise<string> {
  const container = pod.spec.containers.find((one) => one.name === `user-${user}`);
  if (!container) throw new Error(`no container of user ${user}`);
  const written = mountsOf(container).filter((mount) => isWritable(pod, mount));
  const files = layoutOf(profile).files.filter((file) => !isDirectory(file) && !hasMountAt(container, profile, file));
  const script = [
    'set -e; id -u',
    'env',
    ...files.map((file) => `cat "${directoryOf(profile)}/${file}"; echo`),
    `${written.map(({ mountPath }) => `touch ${mountPath}/by-${user};`).join(' ')} cat /proc/self/mounts`,
  ].join(`; echo ${SEPARATOR}; `);
  const output = await node.exec(namespace, name, container.name, ['sh', '-c', script]);
  const [id = '', env = '', ...rest] = output.split(`${SEPARATOR}\n`);
  const mounts = rest.pop() ?? '';
  expect(id.trim(), 'the user').toBe(user);
  expect(rest.map((text) => text.trim())).toEqual(files.map((file) => textOf(profile, file)));
  for (const { mountPath } of mountsOf(container)) expect(mounts).toContain(` ${mountPath} `);
  expectVariables(container, new Map(env.split('\n').map((line) => splitAt(line, '='))));
  return `${files.length} files, ${container.env?.length ?? 0} variables`;
}

interface MountOf {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
}

function mountsOf(container: Container): readonly MountOf[] {
  // The API server has accepted the pod.
  return (container['volumeMounts'] ?? []) as readonly MountOf[];
}

function isWritable(pod: Pod, { name, readOnly }: MountOf): boolean {
  const volumes = (pod.spec['volumes'] ?? []) as readonly { readonly name: string; readonly emptyDir?: object }[];
  return readOnly !== true && volumes.some((one) => one.name === name && one.emptyDir !== undefined);
}

/** True if the profile mounts a file of its own over that of the agent. */
function hasMountAt(container: Container, profile: Profile, file: string): boolean {
  return mountsOf(container).some(({ mountPath }) => mountPath === join(directoryOf(profile), file));
}

/** Each variable of the plan has its value; what refers to another one is expanded. */
function expectVariables(container: Container, seen: ReadonlyMap<string, string>): void {
  for (const { name, value, valueFrom } of container.env ?? []) {
    const isOptional = isObject(valueFrom) && isObject(valueFrom['secretKeyRef']);
    if (isOptional) expect(seen.has(name), name).toBe(false);
    else if (valueFrom === undefined) expect(seen.get(name), name).toBe(expand(value ?? '', (one) => seen.get(one)));
    else expect(seen.get(name), name).toMatch(/./);
    expect(seen.get(name) ?? '', name).not.toMatch(/\$\(/);
  }
}

function splitAt(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + 1)];
}
