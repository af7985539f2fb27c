import type { IncomingMessage } from 'node:http';
import type { Refusal } from './access.ts';

/** Sent with every answer: the page takes nothing from elsewhere, and stands in no frame. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  // The address that signs in must not leave the browser.
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** The names under which the server may be asked, with their ports; undefined: any, behind a proxy that has its own. */
export type Hosts = ReadonlySet<string> | undefined;

/**
 * Refuses what another site makes a browser send: a name that its owner points at this address (DNS rebinding), and requests of its pages. Undefined if
 * nothing speaks against it.
 */
export function originProblem({ headers }: IncomingMessage, hosts: Hosts): Refusal | undefined {
  const { host = '', origin } = headers;
  if (hosts && !hosts.has(host.toLowerCase()))
    return { status: 421, code: 'forbidden', message: 'this server does not answer under that name' };
  if (origin !== undefined && !isOfHost(origin, host))
    return { status: 403, code: 'forbidden', message: 'the request comes from another site' };
  if (isOfOtherSite(headers)) return { status: 403, code: 'forbidden', message: 'the request comes from another site' };
  return undefined;
}

/** A person may come from elsewhere: from the sign-in of a proxy. The other site sees nothing of where a navigation ends. */
function isOfOtherSite(headers: IncomingMessage['headers']): boolean {
  const site = headers['sec-fetch-site'] ?? 'none';
  if (headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document') return false;
  return site !== 'same-origin' && site !== 'none';
}

function isOfHost(origin: string, host: string): boolean {
  return URL.canParse(origin) && host !== '' && new URL(origin).host === host.toLowerCase();
}
