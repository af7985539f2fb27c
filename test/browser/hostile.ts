import { randomUUID } from 'node:crypto';
import type { KubeObject } from '../support/client.ts';
import type { ControlPlane } from '../support/control-plane.ts';
import { EVIL } from '../support/hostile-names.ts';
import { ours } from '../support/injected-cluster.ts';
import { storeObjects } from '../support/stored-objects.ts';

/** Text that is a program or markup wherever it is not taken as text. `alert` opens a dialog; an image asks another place. */
export const MARKUP = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(2)>',
  '"><svg onload=alert(3)>',
  "'-alert(4)-'",
  'javascript:alert(5)',
  '</style></textarea></title><iframe srcdoc="<script>parent.alert(6)</script>">',
  '<img src="https://evil.example.com/x.png">',
  '{{constructor.constructor("alert(7)")()}}',
  '<b id="interpreted">bold</b>',
  // What turns the text around and what has no width: the text reads as another one.
  'a\u202Eb\u2066c\u200Bd\u00ADe',
].join(' ');

export const HOSTILE_NAMESPACE = 'hostile';

/** The name of a pod that no API server would accept; it stands for any text of one that is compromised. */
const POD_NAME = `<img src=x onerror=alert(8)>`;

/** A namespace whose pods say such things wherever something is said: names, images, variables, annotations, records, states and Events. */
export async function storeHostilePods({ client, etcdUrl, stopControllerManager }: ControlPlane): Promise<void> {
  await client.createNamespace(HOSTILE_NAMESPACE, {
    labels: ours({ injection: 'enabled' }),
    annotations: ours({ 'server-address': MARKUP, profile: MARKUP, [`domain-ids`]: MARKUP }),
  });
  await stopControllerManager();
  const pods = [podNamed('quiet-name', 'CrashLoopBackOff'), podNamed(POD_NAME, MARKUP)];
  await storeObjects(etcdUrl, 'pods', pods);
  await storeObjects(etcdUrl, 'events', pods.map(eventOf));
}

function podNamed(name: string, waiting: string): KubeObject {
  const uid = randomUUID();
  const agents = [{ container: MARKUP, profile: MARKUP, hash: MARKUP, delivery: MARKUP, env: [MARKUP], mounts: {} }];
  const record = { decision: 'injected', reason: MARKUP, containers: agents };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: HOSTILE_NAMESPACE,
      uid,
      creationTimestamp: '2026-11-30T12:00:00Z',
      labels: { app: 'x' },
      annotations: {
        ...ours({ status: JSON.stringify(record), profile: MARKUP, containers: MARKUP }),
        [`${EVIL}/${MARKUP}`]: EVIL,
      },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: MARKUP, uid, controller: true }],
    },
    spec: {
      nodeName: MARKUP,
      containers: [
        { name: MARKUP, image: MARKUP, command: [MARKUP], env: [{ name: 'JAVA_TOOL_OPTIONS', value: MARKUP }] },
        { name: 'app', image: EVIL },
      ],
    },
    status: {
      phase: MARKUP,
      message: MARKUP,
      startTime: '2026-11-30T12:00:00Z',
      containerStatuses: [
        {
          name: MARKUP,
          image: MARKUP,
          imageID: MARKUP,
          restartCount: 3,
          ready: false,
          state: { waiting: { reason: waiting, message: MARKUP } },
          lastState: { terminated: { exitCode: 1, reason: MARKUP, message: MARKUP } },
        },
      ],
    },
  };
}

function eventOf({ metadata }: KubeObject, index: number): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: {
      name: `event-${index}`,
      namespace: HOSTILE_NAMESPACE,
      uid: randomUUID(),
      creationTimestamp: '2026-11-30T12:00:00Z',
    },
    involvedObject: {
      apiVersion: 'v1',
      kind: 'Pod',
      name: metadata?.name,
      namespace: HOSTILE_NAMESPACE,
      uid: metadata?.uid,
    },
    type: 'Warning',
    reason: MARKUP,
    message: `${MARKUP} ${EVIL}`,
    source: { component: MARKUP },
    count: 1,
    firstTimestamp: '2026-11-30T12:00:00Z',
    lastTimestamp: '2026-11-30T12:00:00Z',
  };
}
