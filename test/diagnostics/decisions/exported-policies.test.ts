import { describe, expect, it } from 'vitest';
import { exportPolicies } from '../../../src/policies/export.ts';
import { exportedPolicies, policiesCovering } from '../../../src/diagnostics/decisions/exported-policies.ts';
import { obstacleFor } from '../../../src/diagnostics/decisions/obstacle.ts';
import { unknownCluster } from '../../../src/kubernetes/cluster-state.ts';
import type { Namespace } from '../../../src/kubernetes/namespace.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { profileHash } from '../../../src/profiles/fingerprint.ts';
import { catalogue, namespace, pod } from '../../support/fixtures.ts';

const profile = catalogue.profiles.get('jennifer-dotnet');
const result =
  profile &&
  exportPolicies(profile, {
    delivery: 'preinstalled',
    parameters: new Map([['server-address', 'apm.example.com']]),
    parametersConfigMap: { namespace: 'agents', name: 'values' },
    namespaceSelector: { matchLabels: { team: 'shop' } },
    api: 'v1',
    catalogue,
  });
if (!profile || !result?.ok) throw new Error('the profile cannot be exported');
const { mutating, mutatingBinding } = result.value;

const shop: Namespace = { ...namespace(), labels: { ...namespace().labels, team: 'shop' } };
const other = namespace();

describe('the exported policies of a cluster', () => {
  it('say from what they were exported', () => {
    expect(exportedPolicies([mutating], [mutatingBinding])).toMatchObject([
      {
        name: 'jennifer-dotnet.agent-injector.io',
        origin: {
          profile: 'jennifer-dotnet',
          hash: profileHash(profile),
          delivery: 'preinstalled',
          parameters: { 'server-address': 'apm.example.com' },
          parametersConfigMap: { namespace: 'agents', name: 'values' },
        },
      },
    ]);
  });

  it('are those that a binding puts in force, and whose annotation can be read', () => {
    const metadata = { name: 'a', annotations: { 'agent-injector.io/policy': '{' } };
    const binding = { spec: { policyName: 'a' } };
    expect(exportedPolicies([mutating], [])).toEqual([]);
    expect(exportedPolicies([{ metadata }, { metadata: { name: 'a' } }], [binding])).toEqual([]);
  });
});

describe('without a webhook, what is in the way', () => {
  const all = exportedPolicies([mutating], [mutatingBinding]);
  const obstacle = (
    within: Namespace,
    policies: readonly (typeof all)[number][] | undefined,
    annotations: Record<string, string> = {},
  ): string | undefined => {
    const covering = policies ? policiesCovering(policies, within) : [];
    const asking = { ...pod(), metadata: { ...pod().metadata, annotations } } as ReturnType<typeof pod>;
    const sources = { pod: asking, namespace: within, catalogue, cluster: unknownCluster };
    return obstacleFor({ configurations: [] as readonly JsonObject[], policies: { all: policies, covering } }, sources);
  };
  const profileOf = (name: string): Record<string, string> => ({ 'agent-injector.io/profile': name });

  it.each([
    ['nothing, of a pod that asks for the agent of a policy', shop, all, 'jennifer-dotnet', undefined],
    ['that no policy is for its agent', shop, all, 'jennifer-java', 'no-policy'],
    ['that no policy is for its namespace', other, all, 'jennifer-dotnet', 'no-policy'],
    ['that nothing is installed', shop, [], 'jennifer-dotnet', 'not-installed'],
    ['not known, where policies cannot be read', shop, undefined, 'jennifer-dotnet', undefined],
  ] as const)('%s', (_, within, policies, name, expected) => {
    expect(obstacle(within, policies, profileOf(name))).toBe(expected);
  });
});
