import type { Client, KubeObject } from '../support/client.ts';

export interface WorkloadEvent extends KubeObject {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  readonly source: { readonly component: string };
}

/**
 * Lists our Events of an object with the request of `kubectl describe` (k8s.io/client-go kubernetes/typed/core/v1/event_expansion.go, Search).
 */
export async function describedEvents(client: Client, object: KubeObject): Promise<readonly WorkloadEvent[]> {
  const { kind, metadata } = object;
  const fields = {
    'involvedObject.name': metadata?.name,
    'involvedObject.namespace': metadata?.namespace,
    'involvedObject.kind': kind,
    'involvedObject.uid': metadata?.uid,
  };
  const selector = Object.entries(fields)
    .map(([field, value]) => `${field}=${value}`)
    .join();
  const path = `/api/v1/namespaces/${metadata?.namespace}/events?fieldSelector=${encodeURIComponent(selector)}`;
  const { status, body } = await client.request('GET', path);
  if (status !== 200) throw new Error(`GET ${path}: ${status}`);
  const { items } = body as { readonly items: readonly WorkloadEvent[] };
  return items.filter(({ source }) => source.component === 'agent-injector');
}
