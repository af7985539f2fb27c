import { DISABLED, INJECTION_LABEL, key } from '../../api/keys.ts';
import type { ApiResponse, KubeClient } from '../../cluster/client/types.ts';
import { sendOnce } from '../../cluster/one-shot.ts';
import type { Pod } from '../../kubernetes/pod.ts';
import type { JsonObject } from '../../lib/json.ts';

/** Creates the changed pod as a dry run: Pod Security, quotas and policies are evaluated, but nothing is stored. */
export function createAsDryRun(client: KubeClient, namespace: string, { metadata, spec }: Pod): Promise<ApiResponse> {
  const body: JsonObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    // Opted out of the webhook, because this pod is injected already.
    metadata: {
      generateName: 'agent-injector-dry-run-',
      namespace,
      labels: { ...metadata?.labels, [INJECTION_LABEL]: DISABLED },
      annotations: { ...metadata?.annotations, [key('inject')]: 'false' },
    },
    spec,
  };
  return sendOnce(client, `/api/v1/namespaces/${namespace}/pods?dryRun=All`, body);
}
