import type { ServerResponse } from 'node:http';
import { html, json, reset, type Answer, type FaultyApi, type Kind } from '../support/faulty-api.ts';
import type { Wire } from './severed-wire.ts';

/** Something that goes wrong between the server and the API server, from one moment to another. */
export interface NamespaceFault {
  /** @default what the run says */
  readonly seconds?: number;
  readonly begin: (api: FaultyApi, wire: Wire) => void;
  /** @default the API server answers as it should */
  readonly end?: (api: FaultyApi, wire: Wire) => void;
}

const KINDS: readonly Kind[] = ['list', 'watch', 'get'];

/** The answer in the place of every other; watches that are open end. */
function everywhere(answer: Answer): NamespaceFault {
  return {
    begin: (api) => {
      for (const kind of KINDS) api.faults[kind] = answer;
      api.closeWatches((watcher) => watcher.destroy());
    },
  };
}

/** An answer in the place of that of watches only. */
function onWatches(answer: Answer): NamespaceFault {
  return {
    begin: (api) => {
      api.faults.watch = answer;
      api.closeWatches((watcher) => watcher.destroy());
    },
  };
}

const gone = { kind: 'Status', status: 'Failure', reason: 'Expired', code: 410, message: 'too old resource version' };

/** Everything is answered as ever, but for the resource versions in it. */
function lying(version: (true_: string) => string | undefined): NamespaceFault {
  const answer =
    (api: FaultyApi, kind: Kind): Answer =>
    (request, response) => {
      rewrite(response, (text) =>
        text.replaceAll(/"resourceVersion":"(\d+)"/g, (_, is: string) => {
          const said = version(is);
          return said === undefined ? '"noVersion":""' : `"resourceVersion":${JSON.stringify(said)}`;
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

/** Changes each text that is written from now on. */
function rewrite(response: ServerResponse, change: (text: string) => string): void {
  const write = response.write.bind(response);
  const end = response.end.bind(response);
  response.write = (text: string) => write(change(text));
  // Overloads cannot be matched by one arrow; the API of tests gives it a text, or nothing.
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
  // What comes after is another connection's: it is over at once.
  halfOpen: { seconds: 1, begin: (_, wire) => wire.sever() },
  // Until the watch was given up, and longer than a list may take.
  dark: {
    seconds: 55,
    begin: (_, wire) => {
      wire.sever();
      wire.beDark(true);
    },
    end: (_, wire) => wire.beDark(false),
  },
  reset: everywhere(reset),
  goneAtStart: onWatches((_, response) => json(response, gone, 410)),
  goneInStream: onWatches((_, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    setTimeout(() => response.end(`${JSON.stringify({ type: 'ERROR', object: gone })}\n`), 50);
  }),
  // From the second page on, as when the first took too long.
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
  versionBack: lying(() => String((backwards -= 1))),
  versionText: lying((version) => `v${version}-x`),
  versionSame: lying(() => '7'),
  versionMissing: lying(() => undefined),
} satisfies Readonly<Record<string, NamespaceFault>>;

export type FaultName = keyof typeof namespaceFaults;
