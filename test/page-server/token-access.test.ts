import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { ApiResponse, KubeClient } from '../../src/cluster/client/types.ts';
import { type JsonObject, objectIn, textIn } from '../../src/lib/json.ts';
import type { Admitted } from '../../src/page-server/access.ts';
import { TokenAccess } from '../../src/page-server/token-access.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { readingClient } from '../support/reading-client.ts';

interface Asked {
  readonly kind: string;
  readonly spec: JsonObject;
}

/** An API server that knows the tokens `shop` and `all`, and counts what it is asked. */
function reviews(answer?: () => ApiResponse): { readonly client: KubeClient; readonly asked: Asked[] } {
  const asked: Asked[] = [];
  const statusOf = ({ kind, spec }: Asked): JsonObject => {
    if (kind === 'TokenReview') {
      const token = textIn(spec, 'token');
      if (token !== 'shop' && token !== 'all') return { authenticated: false };
      return { authenticated: true, user: { username: token, groups: ['g'], extra: { scopes: ['a'] } } };
    }
    const namespace = objectIn(spec, 'resourceAttributes')['namespace'];
    return { allowed: spec['user'] === 'all' || namespace === 'shop' };
  };
  const sendJson: KubeClient['sendJson'] = async (_, { body }) => {
    const { kind = '', spec = {} } = body as unknown as Partial<Asked>;
    asked.push({ kind, spec });
    return answer?.() ?? { kind: 'ok', body: { status: statusOf({ kind, spec }) } };
  };
  return { client: { ...readingClient(() => ({ kind: 'ok', body: {} })), sendJson }, asked };
}

const withToken = (token: string | undefined): IncomingMessage =>
  ({ headers: token === undefined ? {} : { authorization: `Bearer ${token}` } }) as IncomingMessage;

const codeOf = (admitted: Admitted): string => (admitted.kind === 'refused' ? admitted.refusal.code : admitted.kind);

const sightOf = async (admitted: Admitted): Promise<unknown> =>
  admitted.kind === 'viewer' ? admitted.viewer.sight() : undefined;

const NAMESPACES = async (): Promise<readonly string[]> => ['bank', 'shop'];

describe('TokenAccess', () => {
  it('needs a token that the API server accepts', async () => {
    const { client } = reviews();
    const access = new TokenAccess(client, NAMESPACES, new ManualClock());
    for (const token of [undefined, 'wrong', '', 'x'.repeat(20_000)])
      expect(codeOf(await access.admit(withToken(token))), token).toBe('token-needed');
    expect(codeOf(await access.admit(withToken('shop')))).toBe('viewer');
  });

  it('shows the namespaces whose pods the user may list, with all that the API server says of the user', async () => {
    const { client, asked } = reviews();
    const access = new TokenAccess(client, NAMESPACES, new ManualClock());
    expect(await sightOf(await access.admit(withToken('shop')))).toEqual({
      isOfAll: false,
      namespaces: new Set(['shop']),
    });
    expect(await sightOf(await access.admit(withToken('all')))).toMatchObject({ isOfAll: true });
    const review = asked.find(({ kind }) => kind === 'SubjectAccessReview');
    expect(review?.spec).toMatchObject({ user: 'shop', groups: ['g'], extra: { scopes: ['a'] } });
    expect(review?.spec['resourceAttributes']).toEqual({ verb: 'list', version: 'v1', resource: 'pods' });
  });

  it('asks again after a minute, and not before', async () => {
    const { client, asked } = reviews();
    const clock = new ManualClock();
    const access = new TokenAccess(client, NAMESPACES, clock);
    const look = async (): Promise<number> => {
      await sightOf(await access.admit(withToken('shop')));
      return asked.length;
    };
    const first = await look();
    clock.advance(59_000);
    expect(await look()).toBe(first);
    clock.advance(2000);
    expect(await look()).toBe(2 * first);
  });

  it('shows nothing if the API server cannot be asked', async () => {
    const { client } = reviews(() => ({ kind: 'http', status: 500, message: 'down' }) as never);
    await expect(new TokenAccess(client, NAMESPACES, new ManualClock()).admit(withToken('shop'))).rejects.toThrow(
      'token',
    );
  });

  it('does not forget a viewer for tokens that are refused, and checks some of these in a second', async () => {
    const { client, asked } = reviews();
    const clock = new ManualClock();
    const access = new TokenAccess(client, NAMESPACES, clock);
    await access.admit(withToken('shop'));
    const codes = new Set<string>();
    for (let index = 0; index < 2000; index++) {
      if (index % 5 === 0) clock.advance(100);
      codes.add(codeOf(await access.admit(withToken(`wrong${index}`))));
    }
    expect(codes).toEqual(new Set(['token-needed', 'busy']));
    expect(asked.length).toBeLessThanOrEqual(1 + 41 * 20);
    const before = asked.length;
    expect(codeOf(await access.admit(withToken('shop')))).toBe('viewer');
    expect(asked.length).toBe(before);
    clock.advance(61_000);
    for (let index = 0; index < 100; index++) await access.admit(withToken(`later${index}`));
    expect(codeOf(await access.admit(withToken('shop')))).toBe('viewer');
  });

  it('checks only some tokens at a time', async () => {
    const { client, asked } = reviews();
    const never: KubeClient['sendJson'] = (_, { body }) => {
      asked.push(body as unknown as Asked);
      return new Promise(() => {});
    };
    const access = new TokenAccess({ ...client, sendJson: never }, NAMESPACES, new ManualClock());
    for (let index = 0; index < 8; index++) void access.admit(withToken(`t${index}`));
    expect(codeOf(await access.admit(withToken('more')))).toBe('busy');
    expect(asked).toHaveLength(8);
  });
});
