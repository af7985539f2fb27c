import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Namespace } from '../../../src/kubernetes/namespace.ts';
import type { Catalogue } from '../../../src/profiles/catalogue.ts';
import {
  type ExportedPolicies,
  exportPolicies,
  type ExportProblem,
  policyCatalogue,
} from '../../../src/policies/export.ts';
import type { Profile } from '../../../src/profiles/profile.ts';
import { ApiError, type Client, type KubeObject } from '../../support/client.ts';
import { catalogue } from '../../support/fixtures.ts';
import { ours } from '../../support/injected-cluster.ts';
import { type Pod, podOf, recordOf } from '../../support/pod.ts';
import { settingsFor } from '../../support/sample-values.ts';
import { waitFor } from '../../support/wait-for.ts';

/** An exported policy in a namespace of its own, and what the webhook knows in the same situation. */
export interface Combination {
  /** Of the namespace and of the policies. */
  readonly name: string;
  readonly profile: Profile;
  readonly delivery: string;
  readonly namespace: Namespace;
  readonly catalogue: Catalogue;
  readonly policies: ExportedPolicies;
}

/** A profile and a delivery that the export refuses. */
export interface RefusedCombination {
  readonly name: string;
  readonly problems: readonly ExportProblem[];
}

export interface Combinations {
  readonly exported: readonly Combination[];
  readonly refused: readonly RefusedCombination[];
}

const PROOF_LABEL = 'policy-proof';

/** Every profile with every delivery. */
export function combinations(): Combinations {
  const exported: Combination[] = [];
  const refused: RefusedCombination[] = [];
  for (const profile of catalogue.profiles.values()) {
    for (const delivery of profile.deliveries) {
      const name = `${profile.name}-${delivery.name.toLowerCase()}`;
      const options = {
        delivery: delivery.name,
        // Some of them may be set for the whole cluster only.
        parameters: new Map(Object.entries(settingsFor(profile, delivery))),
        namespaceSelector: { matchLabels: { [PROOF_LABEL]: name } },
        api: 'v1',
        catalogue,
      } as const;
      const result = exportPolicies(profile, options);
      if (!result.ok) {
        refused.push({ name, problems: result.error });
        continue;
      }
      exported.push({
        name,
        profile,
        delivery: delivery.name,
        namespace: namespaceOf(name, profile),
        catalogue: policyCatalogue(profile, options),
        policies: result.value,
      });
    }
  }
  return { exported, refused };
}

/** With the settings of the golden namespace of the profile, which set more parameters than the required ones. */
function namespaceOf(name: string, profile: Profile): Namespace {
  const file = new URL(`../../golden/${profile.name}/namespace.yaml`, import.meta.url);
  const golden = existsSync(file) ? (parse(readFileSync(file, 'utf8')) as KubeObject) : {};
  // A policy can merge no pairs into a list, so with labels of New Relic it would leave all pods alone.
  const {
    'agent-injector.io/delivery': _,
    'agent-injector.io/labels': __,
    ...annotations
  } = golden.metadata?.annotations ?? {};
  return {
    name,
    labels: {
      ...ours({ injection: 'enabled' }),
      [PROOF_LABEL]: name,
      'pod-security.kubernetes.io/enforce': 'privileged',
    },
    annotations,
  };
}

/** The objects under the name of the combination, since policies of one profile have one name. */
export function objectsOf({ name, policies }: Combination): readonly KubeObject[] {
  const { mutating, mutatingBinding, validating, validatingBinding } = policies;
  const renamed = (object: object): KubeObject => ({ ...object, metadata: { name } });
  const bound = (binding: { readonly [field: string]: unknown }): KubeObject => ({
    ...renamed(binding),
    spec: { ...(binding['spec'] as object), policyName: name },
  });
  return [renamed(mutating), renamed(validating), bound(mutatingBinding), bound(validatingBinding)];
}

/** Creates the namespace and the policies. The API server compiles them before it answers. */
export async function install(client: Client, combination: Combination): Promise<void> {
  const { labels, annotations } = combination.namespace;
  await client.createNamespace(combination.name, { labels, annotations });
  for (const object of objectsOf(combination)) {
    await waitFor(
      `the API server to compile ${object.kind} ${combination.name}`,
      () => created(client, object),
      PATIENCE,
    );
  }
}

/** On a busy machine, the API server may give up the request of a large policy. */
async function created(client: Client, object: KubeObject): Promise<boolean> {
  try {
    await client.create(object);
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 504) return false;
    if (error instanceof ApiError && error.reason === 'AlreadyExists') return true;
    throw error;
  }
}

/** Waits until the API server applies both policies. */
export async function inForce(client: Client, { name, profile }: Combination): Promise<void> {
  const create = async (annotations: Record<string, string>): ReturnType<typeof client.create<Pod>> =>
    client.create<Pod>(podOf(name, 'probe', { annotations }), { dryRun: true });
  await waitFor(
    `the API server to warn in the name of policy ${name}`,
    async () => {
      const { warnings } = await create(ours({ inject: 'x' }));
      return warnings.some((line) => line.includes(`profile ${profile.name}: invalid-value`));
    },
    PATIENCE,
  );
  await waitFor(
    `the API server to apply policy ${name}`,
    async () => recordOf((await create({})).object) !== undefined,
    PATIENCE,
  );
}

/** It compiles all of them again, one after the other. */
const PATIENCE = { deadline: 180_000, interval: 200 };
