import { randomUUID } from 'node:crypto';
import type { KubeObject } from '../support/client.ts';
import type { ControlPlane } from '../support/control-plane.ts';
import { optedIn } from '../support/injected-cluster.ts';
import { storeObjects } from '../support/stored-objects.ts';

/** Some of what became of pods; the index says which. */
const FORMS = ['injected', 'injected', 'injected', 'outdated', 'missing', 'crashing', 'skipped'] as const;

const NAMESPACES = 20;
const STARTED_AT = '2026-11-30T12:00:00Z';
const TEMPLATE = '7d9c5b8f4';

/** A cluster of so many Deployments of one pod each, in namespaces that are opted in. No controller may run that would delete the pods. */
export async function storeWorkloads(
  { client, etcdUrl, stopControllerManager }: ControlPlane,
  count: number,
): Promise<void> {
  for (let index = 0; index < NAMESPACES; index++) await client.createNamespace(namespaceOf(index), optedIn());
  await stopControllerManager();
  await storeObjects(etcdUrl, 'pods', podsOf(count));
}

/** The name of the Deployment with this number, as the page shows it. */
export const workloadName = (index: number): string => `service-${String(index).padStart(5, '0')}`;

function* podsOf(count: number): Iterable<KubeObject> {
  for (let index = 0; index < count; index++) yield podNumber(index);
}

const namespaceOf = (index: number): string => `team-${String(index % NAMESPACES).padStart(2, '0')}`;

function podNumber(index: number): KubeObject {
  const form = FORMS[index % FORMS.length] ?? 'injected';
  const owner = `${workloadName(index)}-${TEMPLATE}`;
  const record = recordOf(form);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${owner}-${index.toString(36).padStart(5, '0')}`,
      namespace: namespaceOf(index),
      uid: randomUUID(),
      creationTimestamp: STARTED_AT,
      labels: {
        app: workloadName(index),
        'pod-template-hash': TEMPLATE,
        ...(record?.decision === 'injected' && { 'agent-injector.io/injected': 'jennifer-dotnet' }),
      },
      annotations: { ...(record && { 'agent-injector.io/status': JSON.stringify(record) }) },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: randomUUID(), controller: true },
      ],
    },
    spec: specOf(form, index),
    status: statusOf(form),
  };
}

type Form = (typeof FORMS)[number];

const isInjected = (form: Form): boolean => form === 'injected' || form === 'outdated' || form === 'crashing';

function recordOf(form: Form): { readonly decision: string; readonly [field: string]: unknown } | undefined {
  if (form === 'missing') return undefined;
  if (form === 'skipped') return { decision: 'skipped', reason: 'foreign-profiler', containers: [] };
  const injected = {
    container: 'app',
    profile: 'jennifer-dotnet',
    hash: form === 'outdated' ? '0123abcd' : '89abcdef',
    delivery: 'persistentVolumeClaim',
    env: ['CORECLR_PROFILER'],
    mounts: { '/netagent': 'jennifer-dotnet' },
  };
  return { decision: 'injected', containers: [injected] };
}

function specOf(form: Form, index: number): object {
  const env = Array.from({ length: 10 }, (_, number) => ({ name: `SETTING_${number}`, value: `value-${index}` }));
  const agent = { name: 'CORECLR_PROFILER', value: '{6C7CAF0F-D0E5-4274-A71B-6551761BBDC8}' };
  const app = {
    name: 'app',
    image: `registry.example.com/team/app:1.${index % 97}.0`,
    env: isInjected(form) ? [...env, agent] : env,
    ...(isInjected(form) && { volumeMounts: [{ name: 'jennifer-dotnet', mountPath: '/netagent' }] }),
  };
  const volumes = [{ name: 'jennifer-dotnet', persistentVolumeClaim: { claimName: 'my-agent-file' } }];
  return {
    containers: [app],
    nodeName: `node-${index % 50}`,
    restartPolicy: 'Always',
    ...(isInjected(form) && { volumes }),
  };
}

function statusOf(form: Form): object {
  const running = { restartCount: 0, ready: true, started: true, state: { running: { startedAt: STARTED_AT } } };
  const crashing = {
    restartCount: 7,
    ready: false,
    started: false,
    state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 5m0s restarting failed container' } },
    lastState: { terminated: { exitCode: 1, reason: 'Error', startedAt: STARTED_AT, finishedAt: STARTED_AT } },
  };
  const container = { name: 'app', image: 'x', imageID: 'x', ...(form === 'crashing' ? crashing : running) };
  return { phase: 'Running', startTime: STARTED_AT, containerStatuses: [container] };
}
