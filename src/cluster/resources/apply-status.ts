import { appliedStatus, type Status } from '../../resources/status.ts';
import type { ApiResponse, KubeClient } from '../client/types.ts';
import { collectionPath } from './resource-kinds.ts';
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
  return client.sendJson(`${collectionPath(kind, namespace)}/${name}/status?fieldManager=${manager}&force=true`, {
    ...LIMITS,
    method: 'PATCH',
    contentType: 'application/apply-patch+yaml',
    body: appliedStatus(resource, status),
  });
}
