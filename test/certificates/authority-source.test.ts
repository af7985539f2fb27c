import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { DAY, HOUR, shift } from '../../src/certificates/describe.ts';
import { AuthoritySource } from '../../src/certificates/authority-source.ts';
import { parseSecret } from '../../src/certificates/authority-state.ts';
import { issueAuthority, issueLeaf, type KeyedCertificate } from '../../src/certificates/issue.ts';
import { certificateBlocks, findFault, type ServerCertificate } from '../../src/certificates/server-certificate.ts';
import type { PublishedBundles, SourceState } from '../../src/certificates/source.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { StoredSecret } from '../support/stored-secret.ts';

const start = new Date('2026-11-20T12:00:00Z');
const NAME = 'agent-injector.apm.svc';
const LEAF = 7 * DAY;
const AUTHORITY = 365 * DAY;

let store: StoredSecret;
let source: AuthoritySource;
let clock: ManualClock;
const replica = (name = NAME): AuthoritySource =>
  new AuthoritySource({ store, names: [name], leafLifetime: LEAF, authorityLifetime: AUTHORITY, clock });
beforeEach(() => {
  store = new StoredSecret();
  clock = new ManualClock();
  source = replica();
});

/** Reconciles at the given time after the start, in ms. */
async function reconcile(after = 0, published?: PublishedBundles, by = source): Promise<SourceState> {
  clock.advance(Math.max(0, after - clock.now()));
  return by.reconcile(shift(start, after), published);
}
function certificateOf({ certificate, problem }: SourceState): Required<ServerCertificate> {
  if (!certificate) throw new Error(problem);
  return { ca: '', ...certificate };
}
const bundle = (): string => store.data?.['ca.crt'] ?? '';
/** The authority and the next one, if any, as the Secret has them. */
function privateParts(): readonly [KeyedCertificate, KeyedCertificate | undefined] {
  const parsed = parseSecret(store.data ?? {}, start);
  if (parsed.kind !== 'valid') throw new Error(parsed.reason);
  return [parsed.state.authority, parsed.state.next];
}

describe('an empty Secret', () => {
  test('creates and stores an authority and a certificate', async () => {
    const state = await reconcile();
    const { cert, key, ca } = certificateOf(state);
    expect(state).toMatchObject({ problem: undefined, recheckAfterMs: 3000 });
    expect(state.changes).toHaveLength(1);
    expect(store.data).toMatchObject({ 'tls.crt': cert, 'tls.key': key, 'ca.crt': ca });
    expect(findFault({ cert, key, ca }, start)).toBeUndefined();
    const [leaf, authority] = [new X509Certificate(cert), new X509Certificate(ca)];
    expect(leaf.subjectAltName).toBe(`DNS:${NAME}`);
    expect([leaf.validTo, authority.validTo]).toEqual(['Nov 27 12:00:00 2026 GMT', 'Nov 20 12:00:00 2027 GMT']);
  });

  test('loads what another replica stored first', async () => {
    const other = replica();
    const states = await Promise.all([reconcile(), reconcile(0, undefined, other)]);
    expect(store.writes).toBe(1);
    expect(new Set(states.map((state) => certificateOf(state).cert)).size).toBe(1);
    expect(states.flatMap(({ changes }) => changes)).toHaveLength(1);
  });

  test('keeps published authorities trusted, except expired ones and what cannot be parsed', async () => {
    const term = { at: start, lifetime: DAY };
    const [valid, expired] = await Promise.all([
      issueAuthority('valid', [NAME], term),
      issueAuthority('expired', [NAME], { at: shift(start, -3 * DAY), lifetime: DAY }),
    ]);
    const leaf = await issueLeaf(valid, ['a'], term);
    const garbage = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    await reconcile(0, ['', expired.cert + valid.cert + leaf.cert + garbage, valid.cert]);
    expect(certificateBlocks(bundle())).toEqual([expect.any(String), valid.cert]);
  });
});

describe('the certificate', () => {
  test('is renewed by the same authority after two thirds of its lifetime, not earlier', async () => {
    const first = certificateOf(await reconcile());
    expect(certificateOf(await reconcile((LEAF * 2) / 3 - HOUR))).toEqual(first);
    const state = await reconcile((LEAF * 2) / 3 + 1000);
    expect(state.changes).toHaveLength(1);
    const second = certificateOf(state);
    expect(second.ca).toBe(first.ca);
    expect(second.cert).not.toBe(first.cert);
    expect(store.writes).toBe(2);
  });

  test('is checked more often when renewal is due soon', async () => {
    await reconcile();
    expect((await reconcile((LEAF * 2) / 3 - 1000)).recheckAfterMs).toBe(1000);
    expect((await reconcile((LEAF * 2) / 3 - 1)).recheckAfterMs).toBe(250);
  });

  test('is renewed by the same authority after a pause in which it expired', async () => {
    const before = certificateOf(await reconcile());
    const state = await reconcile(8 * DAY);
    expect(findFault(certificateOf(state), shift(start, 8 * DAY))).toBeUndefined();
    expect(certificateOf(state).ca).toBe(before.ca);
    expect(state.changes).toEqual([expect.stringContaining('tls.crt expired at 2026-11-27T12:00:00.000Z')]);
  });

  test('is issued again if its names change, by a CA for the new names, once that is trusted', async () => {
    const first = certificateOf(await reconcile());
    const other = replica('other.apm.svc');
    expect(certificateOf(await reconcile(0, [bundle()], other)).cert).toBe(first.cert);
    const [, next = ''] = certificateBlocks(bundle());
    await reconcile(1000, [bundle()], other);
    const { cert } = certificateOf(await reconcile(12_000, [bundle()], other));
    expect(new X509Certificate(cert).subjectAltName).toBe('DNS:other.apm.svc');
    expect(new X509Certificate(cert).verify(new X509Certificate(next).publicKey)).toBe(true);
  });

  test('for other names is issued again at once by a CA that may sign for these', async () => {
    const state = await reconcile();
    const [authority] = privateParts();
    const leaf = await issueLeaf(authority, ['other.apm.svc'], { at: start, lifetime: LEAF });
    store.put({ ...store.data, 'tls.crt': leaf.cert, 'tls.key': leaf.key });
    const { cert, ca } = certificateOf(await reconcile());
    expect(new X509Certificate(cert).subjectAltName).toBe(`DNS:${NAME}`);
    expect(ca).toBe(certificateOf(state).ca);
  });

  test('that is valid for longer than configured is issued again at once, within a tolerance of an hour', async () => {
    const before = certificateOf(await reconcile());
    const [authority] = privateParts();
    const put = async (lifetime: number): Promise<string> => {
      const leaf = await issueLeaf(authority, [NAME], { at: start, lifetime });
      store.put({ ...store.data, 'tls.crt': leaf.cert, 'tls.key': leaf.key });
      return leaf.cert;
    };
    const tolerable = await put(LEAF + HOUR - 1000);
    expect(certificateOf(await reconcile()).cert).toBe(tolerable);
    await put(100 * 365 * DAY);
    const state = await reconcile();
    expect(new X509Certificate(certificateOf(state).cert).validTo).toBe('Nov 27 12:00:00 2026 GMT');
    expect(certificateOf(state).ca).toBe(before.ca);
    expect(state.changes).toEqual([expect.stringContaining('longer than configured')]);
  });
});

describe('the authority', () => {
  const due = (AUTHORITY * 2) / 3 + 1000;
  const upTo = async (after: number): Promise<void> => {
    for (let at = 0; at < after; at += 4 * DAY) await reconcile(at, [bundle()]);
  };

  test('is replaced in three steps: it is trusted, then signs, and the old one is dropped after one more certificate', async () => {
    await upTo(due);
    const [old = ''] = certificateBlocks(bundle());

    const begun = await reconcile(due, [old]);
    expect(begun.changes).toHaveLength(1);
    const both = certificateBlocks(bundle());
    expect(both[0]).toBe(old);
    expect(both).toHaveLength(2);
    const [, next = ''] = both;

    // Not in every entry yet, then not for long enough.
    expect((await reconcile(due + HOUR, [bundle(), old])).changes).toEqual([]);
    expect((await reconcile(due + HOUR, undefined)).changes).toEqual([]);
    expect((await reconcile(due + HOUR, [bundle(), bundle()])).changes).toEqual([]);
    expect((await reconcile(due + HOUR + 9000, [bundle(), bundle()])).recheckAfterMs).toBe(1000);
    expect((await reconcile(due + HOUR + 9500, [bundle(), old])).changes).toEqual([]);
    expect((await reconcile(due + HOUR + 10_000, [bundle(), bundle()])).changes).toEqual([]);
    const promoted = await reconcile(due + HOUR + 20_000, [bundle(), bundle()]);
    const { cert } = certificateOf(promoted);
    expect(new X509Certificate(cert).verify(new X509Certificate(next).publicKey)).toBe(true);
    expect(certificateBlocks(bundle())).toEqual([old, next]);

    const renewed = await reconcile(due + 5 * DAY, [bundle()]);
    expect(renewed.changes).toHaveLength(1);
    expect(certificateBlocks(bundle())).toEqual([next]);
  });

  test('is replaced by its successor if it expires before that is trusted everywhere', async () => {
    await upTo(due);
    await reconcile(due, undefined);
    const [, next = ''] = certificateBlocks(bundle());
    const state = await reconcile(AUTHORITY + DAY, undefined);
    expect(certificateOf(state).ca).toBe(next);
    expect(findFault(certificateOf(state), shift(start, AUTHORITY + DAY))).toBeUndefined();
  });

  test('is created again after 400 days without a server', async () => {
    const before = certificateOf(await reconcile());
    const after = certificateOf(await reconcile(400 * DAY));
    expect(after.ca).not.toContain(before.ca);
    expect(findFault(after, shift(start, 400 * DAY))).toBeUndefined();
  });
});

describe('a damaged Secret', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
  const damages: readonly [string, Readonly<Record<string, string>>, string][] = [
    ['garbage', { 'tls.crt': 'x', 'tls.key': 'x', 'ca.crt': 'x', 'ca.key': 'x' }, 'tls.crt'],
    ['no certificate', { 'tls.crt': '' }, 'tls.crt'],
    ['no key', { 'tls.key': '' }, 'tls.key'],
    ['no authority', { 'ca.crt': '' }, 'ca.crt'],
    ["no authority's key", { 'ca.key': '' }, 'ca.key'],
    ["an RSA key as the authority's", { 'ca.key': String(rsa) }, 'ca.key'],
    ['an encrypted key', { 'tls.key': '-----BEGIN ENCRYPTED PRIVATE KEY-----' }, 'tls.key'],
    ['another key', { 'tls.key': String(rsa) }, 'tls.key'],
  ];

  test.each(damages)('(%s) is restored from memory, and the change names the part', async (_, damage, part) => {
    const before = certificateOf(await reconcile());
    const sound = store.data;
    store.put({ ...sound, ...damage });
    const state = await reconcile(DAY);
    expect(state.changes).toEqual([expect.stringContaining(`(${part} `)]);
    expect(certificateOf(state)).toEqual(before);
    expect(store.data).toEqual(sound);
  });

  test('keeps its authority if a replica has nothing in memory', async () => {
    const before = certificateOf(await reconcile());
    store.put({ ...store.data, 'tls.crt': '' });
    const after = certificateOf(await reconcile(DAY, undefined, replica()));
    expect(after.ca).toBe(before.ca);
    expect(after.cert).not.toBe(before.cert);
  });

  test('is replaced as a whole if nothing in it is usable', async () => {
    store.put({ 'tls.crt': 'x' });
    expect(findFault(certificateOf(await reconcile()), start)).toBeUndefined();
  });
});

describe('a Secret that cannot be accessed', () => {
  test('is a problem, and the last certificate stays available', async () => {
    const before = certificateOf(await reconcile());
    store.problem = 'no connection';
    expect(await reconcile(HOUR)).toMatchObject({
      certificate: before,
      problem: 'no connection',
      recheckAfterMs: 3000,
    });
  });

  test.each([
    ['is deleted', () => store.put(undefined)],
    ['has another type', () => (store.type = 'kubernetes.io/service-account-token')],
  ])('because it %s, is a problem until it is created again, and is filled then', async (_, change) => {
    const before = certificateOf(await reconcile());
    const sound = store.data;
    change();
    const state = await reconcile(HOUR);
    expect(state).toMatchObject({ certificate: before, changes: [], recheckAfterMs: 3000 });
    expect(state.problem).toMatch(/^Secret apm\/tls .*helm upgrade/);
    expect(await reconcile(HOUR, undefined, replica())).toMatchObject({ certificate: undefined });
    expect(store.writes).toBe(1);
    store.put({});
    store.type = 'Opaque';
    expect((await reconcile(HOUR)).problem).toBeUndefined();
    expect(store.data).toEqual(sound);
  });

  test('because another writer changes it all the time, is written every ten seconds, and the problem lasts as long', async () => {
    const before = certificateOf(await reconcile());
    const sound = store.data;
    const problems: (string | undefined)[] = [];
    for (let second = 3; second <= 600; second += 3) {
      store.put({ token: 'x' });
      const state = await reconcile(second * 1000);
      expect(certificateOf(state)).toEqual(before);
      problems.push(state.problem);
    }
    // 15 and one for a renewal, then one every fourth check.
    expect(store.writes).toBeGreaterThan(60);
    expect(store.writes).toBeLessThan(70);
    expect(problems.slice(0, 14)).toEqual(Array.from({ length: 14 }));
    expect(problems.slice(20).every((problem) => problem?.includes('every 10 s'))).toBe(true);
    expect(problems).toHaveLength(200);
    expect(await reconcile(612_000)).toMatchObject({ problem: expect.any(String) });
    expect(store.data).toEqual(sound);
    expect((await reconcile(800_000)).problem).toBeUndefined();
  });

  test('leaves a new replica without a certificate', async () => {
    store.problem = 'no connection';
    expect(await reconcile()).toMatchObject({ certificate: undefined, problem: 'no connection' });
  });

  test('is not served from before it could be written', async () => {
    store.update = async () => ({ kind: 'failed', why: 'forbidden' });
    expect(await reconcile()).toMatchObject({ certificate: undefined, problem: 'forbidden', changes: [] });
  });

  test('is given up after ten write conflicts in a row', async () => {
    await reconcile();
    let conflicts = 0;
    store.update = async () => {
      conflicts += 1;
      return { kind: 'conflict' };
    };
    expect((await reconcile(5 * DAY)).problem).toBeDefined();
    expect(conflicts).toBe(10);
  });
});
