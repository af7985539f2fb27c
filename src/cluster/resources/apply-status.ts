import { appliedStatus, type Status } from '../../resources/status.ts';
import type { ApiResponse, KubeClient } from '../client/types.ts';
import { GROUP_PATH, PLURALS } from './resource-kinds.ts';
import type { StoredResource } from './status-watch.ts';

const LIMITS = { timeoutMs: 5_000, maxBytes: 2 * 1024 * 1024 };

/**
 * Server-side apply: what another manager has written stays, and a field that is left out is taken out. `force`, since no other program has a
 * say in these fields.
 */
export function applyStatus(
  client: KubeClient,
  resource: StoredResource,
  status: Status,
  manager: string,
): Promise<ApiResponse> {
  const { kind, namespace, name } = resource;
  const collection =
    namespace === undefined
      ? `${GROUP_PATH}/${PLURALS[kind]}`
      : `${GROUP_PATH}/namespaces/${namespace}/${PLURALS[kind]}`;
  return client.sendJson(`${collection}/${name}/status?fieldManager=${manager}&force=true`, {
    ...LIMITS,
    method: 'PATCH',
    contentType: 'application/apply-patch+yaml',
    body: appliedStatus(resource, status),
  });
}
