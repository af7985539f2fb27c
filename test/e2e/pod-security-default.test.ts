import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';

import { catalogue } from '../support/fixtures.ts';
import { optedIn, ours, startInjectedCluster, type InjectedCluster } from '../support/injected-cluster.ts';
import { container, podOf, recordOf, type Pod } from '../support/pod.ts';
import { isLetIn, settingsFor } from '../support/sample-values.ts';

// The API server enforces `restricted` in namespaces without the label, as hardened platforms do; only its own configuration says so.

const configuration = {
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'AdmissionConfiguration',
  plugins: [
    {
      name: 'PodSecurity',
      configuration: {
        apiVersion: 'pod-security.admission.config.k8s.io/v1',
        kind: 'PodSecurityConfiguration',
        defaults: { enforce: 'restricted', 'enforce-version': 'latest' },
        exemptions: {},
      },
    },
  ],
};

let dir: string;
let cluster: InjectedCluster;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'agent-injector-pod-security-'));
  const file = join(dir, 'admission.yaml');
  writeFileSync(file, stringify(configuration));
  cluster = await startInjectedCluster({
    flags: { tenancy: 'open' },
    apiServerFlags: [`--admission-control-config-file=${file}`],
  });
});
afterAll(async () => {
  await cluster?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const spec: Pod['spec'] = {
  securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [
    container('app', { securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } }),
  ],
};

const profiles = ['jennifer-dotnet', 'opentelemetry-java'].map((name) => {
  const profile = catalogue.profiles.get(name);
  if (!profile) throw new Error(`${name} is gone`);
  return profile;
});

describe.each([undefined, 'privileged'] as const)('in a namespace with the Pod Security label %s', (level) => {
  test.each(profiles)('no delivery of $name keeps a pod from being created', async (profile) => {
    const namespace = `${profile.name}-${level ?? 'unlabelled'}`;
    const settings = Object.assign({}, ...profile.deliveries.map((one) => settingsFor(profile, one))) as object;
    const { labels, annotations } = optedIn({ profile: profile.name, containers: 'app', ...settings });
    await cluster.client.createNamespace(namespace, {
      labels: { ...labels, ...(level && { 'pod-security.kubernetes.io/enforce': level }) },
      annotations,
    });
    for (const delivery of profile.deliveries) {
      const chosen = ours({ delivery: delivery.name });
      const { object } = await cluster.client.create<Pod>(
        podOf(namespace, delivery.name.toLowerCase(), { annotations: chosen, spec }),
      );
      const isExpected = isLetIn(delivery, level ?? 'restricted');
      expect(recordOf(object), delivery.name).toMatchObject(
        isExpected ? { decision: 'injected' } : { decision: 'skipped', reason: 'delivery-not-possible' },
      );
    }
  });
});

test('the API server enforces its default: the test would fail otherwise', async () => {
  await cluster.client.createNamespace('plain');
  const given = podOf('plain', 'host', { spec: { ...spec, volumes: [{ name: 'a', hostPath: { path: '/a' } }] } });
  await expect(cluster.client.create(given)).rejects.toThrow(/PodSecurity/);
});
