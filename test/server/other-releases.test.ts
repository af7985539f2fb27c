import { expect, it } from 'vitest';
import type { ApiResponse, KubeClient } from '../../src/cluster/client/types.ts';
import { warnOfOtherReleases } from '../../src/server/other-releases.ts';
import { RecordingLogger } from '../support/recording-logger.ts';

const configuration = (name: string, revision?: string) => ({
  metadata: { name },
  webhooks: [
    {
      name: 'enabled.agent-injector.io',
      rules: [{ apiGroups: [''], resources: ['pods'], operations: ['CREATE'] }],
      namespaceSelector: revision === undefined ? {} : { matchLabels: { 'agent-injector.io/revision': revision } },
    },
  ],
});
const listed = (...items: ReturnType<typeof configuration>[]): ApiResponse => ({ kind: 'ok', body: { items } });
const refused = (status: number): ApiResponse => ({ kind: 'http', status, reason: 'R', message: 'm', retryAfterMs: 0 });

it.each<[string, ApiResponse, readonly string[]]>([
  ['another one serves the same', listed(configuration('own'), configuration('other')), ['warn']],
  ['another one serves others', listed(configuration('own', 'a'), configuration('other', 'b')), []],
  [
    'two others serve the same',
    listed(configuration('own', 'a'), configuration('x', 'b'), configuration('y', 'b')),
    [],
  ],
  ['they may not be listed', refused(403), []],
  ['they cannot be listed', refused(500), ['info']],
])('warns at the start only of releases that serve the same namespaces: %s', async (_, answer, levels) => {
  const unused = (): never => {
    throw new Error('only a list is read');
  };
  const client: KubeClient = {
    server: 'https://fake',
    getJson: async () => answer,
    getItems: unused,
    sendJson: unused,
    watchLines: unused,
  };
  const log = new RecordingLogger();
  await warnOfOtherReleases(client, 'own', log);
  expect(log.messages.map((line) => line.split(' ')[0])).toEqual(levels);
});
