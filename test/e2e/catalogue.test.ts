import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { builtInCatalogue } from '../../src/profile-sources/builtin.ts';
import type { Profile } from '../../src/profiles/profile.ts';
import { isLetIn, settingsFor } from '../support/sample-values.ts';
import type { Client, KubeObject } from '../support/client.ts';
import { optedIn, ours, startInjectedCluster, type InjectedCluster } from '../support/injected-cluster.ts';
import { container, podOf, podsOf, recordOf, type Pod } from '../support/pod.ts';

// Every profile, with every delivery and every workload kind, in namespaces where the API server enforces Pod Security.

const profiles = [...builtInCatalogue().profiles.values()];
const LEVELS = ['restricted', 'privileged'] as const;
type Level = (typeof LEVELS)[number];

let cluster: InjectedCluster;
let client: Client;
beforeAll(async () => {
  // The namespaces choose images and directories of nodes: what is possible is the subject here, not who may choose it.
  cluster = await startInjectedCluster({ flags: { tenancy: 'open' } });
  ({ client } = cluster);
  const status = { conditions: [{ type: 'Ready', status: 'True' }], capacity: { pods: '1000' } };
  await client.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' }, status });
});
afterAll(() => cluster?.stop());

/** A pod that `restricted` admits. The annotation `containers` names its container, so that no matcher of a profile is evaluated. */
const spec: Pod['spec'] = {
  securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [
    container('app', { securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } }),
  ],
};

async function createNamespace(profile: Profile, level: Level): Promise<string> {
  const name = `${profile.name}-${level}`;
  const settings = Object.assign({}, ...profile.deliveries.map((delivery) => settingsFor(profile, delivery))) as object;
  const { labels, annotations } = optedIn({ profile: profile.name, containers: 'app', ...settings });
  await client.createNamespace(name, {
    labels: { ...labels, 'pod-security.kubernetes.io/enforce': level },
    annotations,
  });
  return name;
}

interface AgentRecord {
  readonly decision: string;
  readonly reason?: string;
  readonly containers?: readonly { readonly container: string; readonly profile: string; readonly delivery: string }[];
}

const recordIn = (pod: Pod): AgentRecord => recordOf(pod) as AgentRecord;

describe.each(LEVELS)('in a namespace that enforces %s', (level) => {
  test.each(profiles)('$name is injected by each of its deliveries', async (profile) => {
    const namespace = await createNamespace(profile, level);
    for (const delivery of profile.deliveries) {
      const annotations = ours({ delivery: delivery.name });
      const { object } = await client.create<Pod>(podOf(namespace, delivery.name.toLowerCase(), { annotations, spec }));
      const record = recordIn(object);
      if (isLetIn(delivery, level)) {
        expect(record, delivery.name).toMatchObject({
          decision: 'injected',
          containers: [{ container: 'app', profile: profile.name, delivery: delivery.name }],
        });
      } else {
        expect(record, delivery.name).toMatchObject({ decision: 'skipped', reason: 'delivery-not-possible' });
        expect(object.spec['volumes']).not.toContainEqual(
          expect.objectContaining({ hostPath: expect.anything() as unknown }),
        );
      }
    }
  });
});

const withTemplate = (app: string, rest: object = {}): object => ({
  selector: { matchLabels: { app } },
  template: { metadata: { labels: { app } }, spec: { ...spec, ...rest } },
});
const job = { spec: { template: { spec: { ...spec, restartPolicy: 'Never' } } } };

interface Workload {
  readonly apiVersion: string;
  readonly spec: object;
}

const WORKLOADS: Readonly<Record<string, Workload>> = {
  Deployment: { apiVersion: 'apps/v1', spec: withTemplate('deployment') },
  ReplicaSet: { apiVersion: 'apps/v1', spec: withTemplate('replicaset') },
  StatefulSet: { apiVersion: 'apps/v1', spec: { serviceName: 'none', ...withTemplate('statefulset') } },
  DaemonSet: { apiVersion: 'apps/v1', spec: withTemplate('daemonset') },
  ReplicationController: {
    apiVersion: 'v1',
    spec: { ...withTemplate('replicationcontroller'), selector: { app: 'replicationcontroller' } },
  },
  Job: { apiVersion: 'batch/v1', spec: job.spec },
  CronJob: { apiVersion: 'batch/v1', spec: { schedule: '* * * * *', concurrencyPolicy: 'Forbid', jobTemplate: job } },
};

test.each(profiles)('$name is injected into the pods of every kind of workload', async (profile) => {
  const namespace = `${profile.name}-restricted`;
  for (const [kind, { apiVersion, spec: own }] of Object.entries(WORKLOADS)) {
    const name = kind.toLowerCase();
    const object: KubeObject = { apiVersion, kind, metadata: { name, namespace }, spec: own };
    await client.create(object);
    if (kind === 'CronJob') await client.patch({ kind, namespace, name }, overdue(), { subresource: 'status' });
  }
  for (const kind of Object.keys(WORKLOADS)) {
    const [pod] = await podsOf(client, { namespace, name: kind.toLowerCase() }, 1);
    const isExcluded = kind !== 'CronJob' && profile.constraints.excludeOwners.includes(kind);
    if (!isExcluded) expect(recordIn(pod), kind).toMatchObject({ decision: 'injected' });
  }
});

/** A status with which the CronJob controller runs the job at once, instead of at the end of the minute. */
function overdue(): object {
  return { status: { lastScheduleTime: new Date(Date.now() - 120_000).toISOString().replace(/\.\d+/, '') } };
}
