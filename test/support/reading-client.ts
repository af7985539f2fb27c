import type { ApiResponse, KubeClient } from '../../src/cluster/client/types.ts';

/** A client that reads single objects only: any other request throws. */
export function readingClient(answer: (path: string) => ApiResponse): KubeClient {
  const unused = (): never => {
    throw new Error('only single objects are read');
  };
  return {
    server: 'https://fake',
    getJson: async (path) => answer(path),
    getItems: unused,
    sendJson: unused,
    watchLines: unused,
  };
}
