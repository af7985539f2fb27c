import type { ServerResponse } from 'node:http';
import { html, json, reset, type Answer, type FaultyApi, type Kind } from '../support/faulty-api.ts';
import type { Wire } from './wire.ts';

/** A fault between the server and the API server. */
export interface NamespaceFault {
  /** @default FAULT_SECONDS */
  readonly seconds?: number;
  readonly begin: (api: FaultyApi, wire: Wire) => void;
  /** @default the API server answers normally again */
  readonly end?: (api: FaultyApi, wire: Wire) => void;
}

const KINDS: readonly Kind[] = ['list', 'watch', 'get'];

/** Gives this answer to every request, and closes open watches. */
function everywhere(answer: Answer): NamespaceFault {
  return {
    begin: (api) => {
      for (const kind of KINDS) api.faults[kind] = answer;
      api.closeWatches((watcher) => watcher.destroy());
    },
  };
}

/** Gives this answer to watches only. */
function onWatches(answer: Answer): NamespaceFault {
  return {
    begin: (api) => {
      api.faults.watch = answer;
      api.closeWatches((watcher) => watcher.destroy());
    },
  };
}

const gone = { kind: 'Status', status: 'Failure', reason: 'Expired', code: 410, message: 'too old resource version' };

/** Answers normally, except for the resource versions. */
function wrongVersions(change: (version: string) => string | undefined): NamespaceFault {
  const answer =
    (api: FaultyApi, kind: Kind): Answer =>
    (request, response) => {
      rewrite(response, (text) =>
        text.replaceAll(/"resourceVersion":"(\d+)"/g, (_, version: string) => {
          const changed = change(version);
          return changed === undefined ? '"noVersion":""' : `"resourceVersion":${JSON.stringify(changed)}`;
        }),
      );
      api.normal(kind, new URL(request.url ?? '', 'http://api'), response);
    };
  return {
    begin: (api) => {
      for (const kind of KINDS) api.faults[kind] = answer(api, kind);
      api.closeWatches((watcher) => watcher.destroy());
    },
  };
}

/** Changes each text that is written to the response. */
function rewrite(response: ServerResponse, change: (text: string) => string): void {
  const write = response.write.bind(response);
  const end = response.end.bind(response);
  response.write = (text: string) => write(change(text));
  // FaultyApi only uses the overload with a text.
  response.end = ((text?: string) => (text === undefined ? end() : end(change(text)))) as typeof response.end;
}

function slowly(text: string, response: ServerResponse): void {
  let sent = 0;
  response.writeHead(200, { 'Content-Type': 'application/json' });
  const timer = setInterval(() => response.write(text.charAt(sent++) || ' '), 1000);
  response.on('close', () => clearInterval(timer));
}

const listText = JSON.stringify({ kind: 'PartialObjectMetadataList', metadata: { resourceVersion: '1' }, items: [] });
const eventText = `${JSON.stringify({ type: 'ADDED', object: { metadata: { name: 'late', resourceVersion: '1' } } })}\n`;
let backwards = 1_000_000;

export const namespaceFaults = {
  // Only open connections are affected, so the fault itself ends at once.
  halfOpen: { seconds: 1, begin: (_, wire) => wire.sever() },
  // Longer than the timeout of the watch and that of a list together.
  dark: {
    seconds: 55,
    begin: (_, wire) => {
      wire.sever();
      wire.setDark(true);
    },
    end: (_, wire) => wire.setDark(false),
  },
  reset: everywhere(reset),
  goneAtStart: onWatches((_, response) => json(response, gone, 410)),
  goneInStream: onWatches((_, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    setTimeout(() => response.end(`${JSON.stringify({ type: 'ERROR', object: gone })}\n`), 50);
  }),
  // Only from the second page on, as after a slow first page.
  goneInList: {
    begin: (api) => {
      api.faults.list = (request, response) => {
        const url = new URL(request.url ?? '', 'http://api');
        if (url.searchParams.has('continue')) json(response, gone, 410);
        else api.normal('list', url, response);
      };
      api.closeWatches((watcher) => watcher.destroy());
    },
  },
  serverError: everywhere((_, response) => json(response, { kind: 'Status', code: 503, message: 'no' }, 503)),
  slow: everywhere((_, response) => slowly(listText, response)),
  slowWatch: onWatches((_, response) => slowly(eventText, response)),
  html: everywhere(html),
  versionBack: wrongVersions(() => String((backwards -= 1))),
  versionText: wrongVersions((version) => `v${version}-x`),
  versionSame: wrongVersions(() => '7'),
  versionMissing: wrongVersions(() => undefined),
} satisfies Readonly<Record<string, NamespaceFault>>;

export type FaultName = keyof typeof namespaceFaults;
