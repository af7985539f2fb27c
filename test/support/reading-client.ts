import { objectsIn } from '../../src/lib/json.ts';
import type { ApiResponse, KubeClient } from '../../src/cluster/client/types.ts';

/** A client that reads single objects, and lists from the same answers: any other request throws. */
export function readingClient(answer: (path: string) => ApiResponse): KubeClient {
  const unused = (): never => {
    throw new Error('only objects and lists are read');
  };
  return {
    server: 'https://fake',
    getJson: async (path) => answer(path),
    getItems: async (path, { onItem }) => {
      const listed = answer(path.split('?')[0] ?? '');
      if (listed.kind !== 'ok') return listed;
      for (const item of objectsIn(listed.body, 'items')) await onItem(item);
      return { kind: 'ok', body: { ...listed.body, items: [] } };
    },
    sendJson: unused,
    watchLines: unused,
  };
}
