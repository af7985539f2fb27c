import { signal } from '@preact/signals';
import type { PageError } from '../../page/wire.ts';
import { readToken, storeToken } from './stored.ts';

/** Why there is no answer. `away`: the server was not reached. */
export interface Failure {
  readonly kind: 'token' | 'unauthorized' | 'refused' | 'missing' | 'away' | 'failed';
  readonly message: string;
}

export type Loaded<Value> =
  | { readonly state: 'loading' }
  | { readonly state: 'ready'; readonly value: Value }
  | { readonly state: 'failed'; readonly failure: Failure };

/** True while the server asks for a token. */
export const needsToken = signal(false);

let token = readToken();

export function keepToken(given: string): void {
  token = given.trim();
  storeToken(token);
  needsToken.value = false;
}

/** Asks for an address under the page's base path. Throws where fetch does. */
export function request(path: string, signalOfEnd?: AbortSignal): Promise<Response> {
  return fetch(path, {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    // The server says by its etag whether the answer is still the same.
    cache: 'no-cache',
    credentials: 'same-origin',
    redirect: 'error',
    ...(signalOfEnd && { signal: signalOfEnd }),
  });
}

/** The JSON at an address, as the contract (page/wire.ts) says. Never rejects, unless it was aborted. */
export async function read<Value>(path: string, signalOfEnd?: AbortSignal): Promise<Loaded<Value>> {
  try {
    const response = await request(path, signalOfEnd);
    if (!response.ok) return { state: 'failed', failure: await failureOf(response) };
    const value: Value = await response.json();
    return { state: 'ready', value };
  } catch (error) {
    if (signalOfEnd?.aborted) throw error;
    return { state: 'failed', failure: { kind: 'away', message: '' } };
  }
}

const kinds: ReadonlyMap<number, Failure['kind']> = new Map([
  [401, 'unauthorized'],
  [403, 'refused'],
  [404, 'missing'],
]);

export async function failureOf(response: Response): Promise<Failure> {
  const { code, message } = await errorIn(response);
  if (response.status === 401 && code === 'token-needed') {
    needsToken.value = true;
    return { kind: 'token', message };
  }
  return { kind: kinds.get(response.status) ?? 'failed', message };
}

async function errorIn(response: Response): Promise<{ readonly code: string; readonly message: string }> {
  try {
    const { error }: Partial<PageError> = await response.json();
    return { code: error?.code ?? '', message: error?.message ?? '' };
  } catch {
    return { code: '', message: `HTTP ${response.status}` };
  }
}
