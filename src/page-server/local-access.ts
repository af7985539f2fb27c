import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Sight } from '../page/visible.ts';
import { type Access, type Admitted, refused } from './access.ts';

const ALL: Sight = { isOfAll: true, namespaces: new Set() };

const BYTES = 32;

/** Access of the one who has started the server: by an address that works once, then by a cookie. */
export class LocalAccess implements Access {
  readonly areFilesOpen = false;
  readonly #base: string;
  readonly #cookie = randomBytes(BYTES).toString('base64url');
  #ticket: string | undefined = randomBytes(BYTES).toString('base64url');

  /** `base`: the path of the page, with a slash at both ends. */
  constructor(base: string) {
    this.#base = base;
  }

  /** The part of the address behind the base, which signs in once. */
  get query(): string {
    return `?token=${this.#ticket ?? ''}`;
  }

  admit(request: IncomingMessage, url: URL): Promise<Admitted> {
    return Promise.resolve(this.#admit(request, url));
  }

  #admit({ method, headers }: IncomingMessage, url: URL): Admitted {
    const ticket = url.searchParams.get('token');
    if (ticket !== null && url.pathname === this.#base) {
      // A preview of the address, by HEAD, does not use it up.
      if (method !== 'GET' || this.#ticket === undefined || !isSame(ticket, this.#ticket)) return USED;
      this.#ticket = undefined;
      // Cookies know no port: by its path, this one is not sent to other servers of this machine.
      const cookie = `${COOKIE}=${this.#cookie}; Path=${this.#base}; HttpOnly; SameSite=Strict`;
      return { kind: 'signed-in', cookie, location: this.#base };
    }
    const given = cookieIn(headers.cookie);
    if (given === undefined || !isSame(given, this.#cookie)) return NEEDED;
    return { kind: 'viewer', viewer: { user: undefined, sight: () => Promise.resolve(ALL) } };
  }
}

const COOKIE = 'agent-injector-page';

const USED = refused(
  401,
  'session-needed',
  'this address works once, and was used: run kubectl agent-injector ui again',
);

const NEEDED = refused(401, 'session-needed', 'open the address that kubectl agent-injector ui has printed');

function cookieIn(header: string | undefined): string | undefined {
  const pairs = header?.split(';').map((pair) => pair.trim()) ?? [];
  return pairs.find((pair) => pair.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1);
}

/** In a time that does not depend on where they differ. */
function isSame(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
