import * as z from 'zod';
import { parseJson } from './documents.ts';
import type { Credentials } from './docker-credentials.ts';
import { send } from './http.ts';
import { ImageError } from './image-error.ts';

/** How a registry wants to be asked, from its `WWW-Authenticate`. */
export type Challenge =
  | { readonly kind: 'basic' }
  | {
      readonly kind: 'bearer';
      readonly realm: URL;
      readonly service: string | undefined;
      readonly scope: string | undefined;
    };

const MAX_TOKEN_BYTES = 256 * 1024;

const tokenSchema = z.object({ token: z.string().optional(), access_token: z.string().optional() });

/** Throws an ImageError for a challenge that is not known, or that would send credentials to a host in the clear. */
export function challengeOf(header: string | undefined, registry: string): Challenge {
  const given = header ?? '';
  const start = given.search(/(?:^|,)\s*bearer\s/i);
  // A registry may offer both.
  if (start < 0 && /(?:^|,)\s*basic\b/i.test(given)) return { kind: 'basic' };
  const text = given.slice(Math.max(start, 0));
  const realm = parameterOf(text, 'realm');
  if (start < 0 || realm === undefined || !URL.canParse(realm))
    throw new ImageError(`${registry} asks for a login of an unknown kind: "${given.slice(0, 100)}"`);
  const url = new URL(realm);
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLocal))
    throw new ImageError(`${registry} wants its tokens to be fetched from ${url.origin}, which is not https`);
  return { kind: 'bearer', realm: url, service: parameterOf(text, 'service'), scope: parameterOf(text, 'scope') };
}

function parameterOf(header: string, name: string): string | undefined {
  return new RegExp(`[\\s,]${name}="([^"]*)"`, 'i').exec(header)?.[1];
}

/** The value of `Authorization` that the challenge asks for. Throws an ImageError. */
export async function authorize(
  challenge: Challenge,
  repository: string,
  credentials: Credentials | undefined,
): Promise<string | undefined> {
  if (challenge.kind === 'basic') return credentials?.kind === 'basic' ? basic(credentials) : undefined;
  const scope = challenge.scope ?? `repository:${repository}:pull`;
  const answer = await (credentials?.kind === 'identityToken'
    ? exchange(challenge, scope, credentials.token)
    : request(challenge, scope, credentials));
  if (answer.status !== 200)
    throw new ImageError(`${challenge.realm.host} gives no token for ${scope}: it answers ${answer.status}`);
  return `Bearer ${tokenIn(answer.body, challenge.realm.host)}`;
}

function tokenIn(body: Buffer, host: string): string {
  const parsed = tokenSchema.safeParse(parseJson(body, `the answer of ${host}`));
  const token = parsed.success ? parsed.data.token || parsed.data.access_token : undefined;
  // It becomes the value of a header.
  if (token === undefined || !/^[\x21-\x7e]+$/.test(token)) throw new ImageError(`${host} answers without a token`);
  return token;
}

function request({ realm, service }: Bearer, scope: string, credentials: Basic | undefined): ReturnType<typeof send> {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  url.searchParams.set('scope', scope);
  const headers = credentials ? { authorization: basic(credentials) } : {};
  return send({ url, headers, maxBytes: MAX_TOKEN_BYTES });
}

/** OAuth 2, as Docker's token specification has it. */
function exchange({ realm, service }: Bearer, scope: string, token: string): ReturnType<typeof send> {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: 'agent-injector',
    scope,
    refresh_token: token,
    ...(service === undefined ? {} : { service }),
  });
  return send({ url: realm, headers: {}, maxBytes: MAX_TOKEN_BYTES, form });
}

type Bearer = Extract<Challenge, { kind: 'bearer' }>;
type Basic = Extract<Credentials, { kind: 'basic' }>;

function basic({ username, password }: Basic): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
