import type { KubeClient } from '../../cluster/client/types.ts';
import { readOnce } from '../../cluster/one-shot.ts';
import { replicasOf } from '../../diagnostics/checks/replicas.ts';
import type { SwitchedRelease } from './releases.ts';

/** Releases without a replica that carries out a stop, and the command that ends the refusals then. What cannot be read is left out. */
export async function unansweredLines(
  client: KubeClient,
  releases: readonly SwitchedRelease[],
): Promise<readonly string[]> {
  const lines = releases.map(async ({ service: { namespace, name }, configuration }): Promise<readonly string[]> => {
    const answer = await readOnce(client, `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`);
    if (answer.kind !== 'ok' || answer.body['spec'] === undefined) return [];
    const { ready, wanted } = replicasOf(answer.body, []);
    if (ready > 0) return [];
    const remedy = configuration === undefined ? '' : `: kubectl delete mutatingwebhookconfiguration ${configuration}`;
    return [
      `${ready} of ${wanted} replicas of Deployment ${namespace}/${name} are ready, so this has NO EFFECT yet: pods that require the agent are still refused.`,
      `To admit them, delete the webhook configuration${remedy}`,
    ];
  });
  return (await Promise.all(lines)).flat();
}
