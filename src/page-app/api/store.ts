import { signal } from '@preact/signals';
import type { Overview, Session } from '../../page/wire.ts';
import { type Loaded, read } from './client.ts';
import { delayAfter } from './backoff.ts';
import { listen } from './changes.ts';

/** Whether the page hears of changes. `since` is in ms since 1970. `still`: the server answers, and tells of no changes: it is asked now and then. */
export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  | { readonly state: 'still' }
  | { readonly state: 'away'; readonly since: number };

export const session = signal<Loaded<Session>>({ state: 'loading' });

export const overview = signal<Loaded<Overview>>({ state: 'loading' });

export const connection = signal<Connection>({ state: 'connecting' });

/** Grows when the cluster has changed: what a screen has read for itself is read again. */
export const revision = signal(0);

let etag: string | undefined;

let listening: AbortController | undefined;

let failedStarts = 0;

/** Reads all that every screen needs, and listens from then on. */
export async function start(): Promise<void> {
  listening?.abort();
  session.value = await read<Session>('api/session');
  if (session.value.state === 'failed') {
    if (session.value.failure.kind !== 'away') return;
    setAway();
    setTimeout(() => void start(), delayAfter(++failedStarts, Math.random()));
    return;
  }
  failedStarts = 0;
  await refresh();
  listening = new AbortController();
  void listen({ onOpen, onChange, onAway }, listening.signal);
}

/** What was read stays where the server does not answer. */
export async function refresh(): Promise<void> {
  const loaded = await read<Overview>('api/overview');
  const isAway = loaded.state === 'failed' && loaded.failure.kind === 'away';
  if (isAway && overview.value.state === 'ready') setAway();
  else overview.value = loaded;
}

let isBack = false;

function onOpen(): void {
  connection.value = { state: 'live' };
  if (isBack) changed();
  isBack = false;
}

function onChange(to: string): void {
  const isNews = to === '' || to !== etag;
  etag = to;
  if (isNews) changed();
}

function changed(): void {
  revision.value++;
  void refresh();
}

/** A server that refuses the stream is there: what it says to the next question says why. */
function onAway(status: number | undefined): void {
  isBack = true;
  if (status === undefined || status === 200) return setAway();
  connection.value = { state: 'still' };
  void refresh();
}

function setAway(): void {
  if (connection.value.state !== 'away') connection.value = { state: 'away', since: Date.now() };
}
