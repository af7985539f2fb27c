import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Viewer } from '../../src/page-server/access.ts';
import type { Access } from '../../src/page-server/access.ts';
import type { PageSource } from '../../src/page-server/source.ts';
import type { PageFiles } from '../../src/page-server/page-files.ts';
import { PageServer, type PageServerOptions } from '../../src/page-server/server.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { Overview } from '../../src/page/wire.ts';

export const affected = (namespace: string, message = 'm'): Overview['needs'][number]['affected'][number] => ({
  namespace,
  workload: namespace === '' ? undefined : 'Deployment/web',
  pods: 1,
  message,
  fix: undefined,
  hint: undefined,
});

export const overviewCase = (message = 'm'): Overview => ({
  needs: [
    { id: 'server.a', kind: 'server', code: 'a', meaning: 'M', docs: 'd', affected: [affected('', message)] },
    {
      id: 'missing.b',
      kind: 'missing',
      code: 'b',
      meaning: 'M',
      docs: 'd',
      affected: [affected('shop', message), affected('bank', message)],
    },
  ],
  workloads: [],
  notes: [message],
});

/** A source of two namespaces, with parts replaced. */
export function sourceCase(parts: Partial<PageSource> = {}): PageSource {
  return {
    from: 'cluster',
    place: 'test',
    user: async () => 'me',
    namespaces: async () => ['bank', 'shop'],
    overview: async () => overviewCase(),
    pods: async () => ({ pods: [] }),
    pod: async () => undefined,
    profiles: async () => ({ profiles: [] }),
    now: async () => undefined,
    try: async () => ({ namespaces: [], profiles: [], options: {} }),
    ...parts,
  };
}

/** Admits everyone, who sees these namespaces; without any named, all. */
export function openAccess(...namespaces: readonly string[]): Access {
  const sight = { isOfAll: namespaces.length === 0, namespaces: new Set(namespaces) };
  const viewer: Viewer = { user: 'me', sight: async () => sight };
  return { areFilesOpen: true, admit: async () => ({ kind: 'viewer', viewer }) };
}

const FILES: PageFiles = new Map([
  ['index.html', { type: 'text/html; charset=utf-8', gzip: gzipSync('<!doctype html><title>page</title>') }],
]);

/** Starts a server on a free port. `url` ends with the base. */
export async function startPage(options: Partial<PageServerOptions> = {}): Promise<{
  readonly url: string;
  readonly port: number;
  readonly server: PageServer;
}> {
  const server = new PageServer({
    base: '/',
    hosts: () => undefined,
    access: openAccess(),
    source: sourceCase(),
    files: FILES,
    clock: systemClock,
    ...options,
  });
  await new Promise<void>((resolve) => server.http.listen(0, '127.0.0.1', resolve));
  const { port } = server.http.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}${options.base ?? '/'}`, port, server };
}
