import { createPrivateKey, X509Certificate } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { AuthoritySource } from '../../src/certificates/authority-source.ts';
import { parseSecret, secretData, type AuthorityState } from '../../src/certificates/authority-state.ts';
import { DAY, HOUR, shift } from '../../src/certificates/describe.ts';
import { issueAuthority, issueLeaf, type KeyedCertificate } from '../../src/certificates/issue.ts';
import { certificateBlocks, isTrusted } from '../../src/certificates/server-certificate.ts';
import type { SourceState } from '../../src/certificates/source.ts';
import { composeCertificate } from '../../src/certificates/x509/certificate.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { StoredSecret } from '../support/stored-secret.ts';

// What somebody else writes into the Secret, and how it is noticed and replaced.

const start = new Date('2026-11-20T12:00:00Z');
const NAMES = ['agent-injector.apm.svc', 'agent-injector.apm'] as const;
const LEAF = 7 * DAY;
const AUTHORITY = 365 * DAY;
const CENTURY = 36_500 * DAY;

let store: StoredSecret;
let clock: ManualClock;
let first: AuthoritySource;
let second: AuthoritySource;
let now: number;
const replica = (): AuthoritySource =>
  new AuthoritySource({ store, names: NAMES, leafLifetime: LEAF, authorityLifetime: AUTHORITY, clock });
const bundle = (): string => store.data?.['ca.crt'] ?? '';

/** Reconciles both replicas every three seconds, with what they wrote as the published caBundle, for this long. */
async function run(
  ms: number,
  replicas: readonly AuthoritySource[] = [first, second],
): Promise<readonly SourceState[]> {
  let states: readonly SourceState[] = [];
  for (const end = now + ms; now < end;) {
    now += 3000;
    clock.advance(3000);
    states = [];
    for (const one of replicas) {
      const state = await one.reconcile(shift(start, now), [bundle()]);
      // No admission is lost: whatever is served is trusted by what is published.
      expect(isTrusted(state.certificate?.cert ?? '', bundle(), shift(start, now))).toBe(true);
      states = [...states, state];
    }
  }
  return states;
}

async function leap(ms: number): Promise<readonly SourceState[]> {
  now += ms - 3000;
  clock.advance(ms - 3000);
  return run(3000);
}

const stored = (): AuthorityState => {
  const parsed = parseSecret(store.data ?? {}, shift(start, now));
  if (parsed.kind !== 'valid') throw new Error(parsed.reason);
  return parsed.state;
};

/** An authority and a certificate as somebody else makes them. */
async function made(lifetime = AUTHORITY): Promise<AuthorityState> {
  const term = { at: shift(start, now), lifetime };
  const authority = await issueAuthority('somebody', NAMES, term);
  return { authority, next: undefined, leaf: await issueLeaf(authority, NAMES, term), trusted: [authority.cert] };
}

/** An authority as version 0.1 made it: it may sign for any name. */
async function unlimited(): Promise<KeyedCertificate> {
  const { key } = await issueAuthority('old', NAMES, { at: start, lifetime: AUTHORITY });
  const keys = createPrivateKey(key);
  const facts = {
    subject: 'old',
    key: keys,
    names: [],
    notBefore: shift(start, -HOUR),
    notAfter: shift(start, AUTHORITY),
  };
  return { cert: await composeCertificate({ role: 'authority', ...facts }, { key: keys }), key };
}

beforeEach(async () => {
  store = new StoredSecret();
  clock = new ManualClock();
  [first, second] = [replica(), replica()];
  now = 0;
  await run(3000);
});

describe('an authority that no replica made', () => {
  test('is foreign to every replica, and replaced in three steps within two hours, without a moment of distrust', async () => {
    const before = stored();
    const foreign = await made(CENTURY);
    store.put(secretData(foreign));
    const states = await run(3000);
    expect(states.map((state) => state.foreign)).toEqual([[foreign.authority.cert], [foreign.authority.cert]]);
    expect(states[0]?.changes.join()).toContain('no replica made');
    // The one in use stays trusted while it is served, and a third one is announced.
    expect(certificateBlocks(bundle())).toHaveLength(3);
    expect(bundle()).toContain(before.authority.cert);

    await run(30_000);
    const { authority, leaf } = stored();
    expect([foreign.authority.cert, before.authority.cert]).not.toContain(authority.cert);
    expect(new X509Certificate(leaf.cert).verify(new X509Certificate(authority.cert).publicKey)).toBe(true);
    expect(Date.parse(new X509Certificate(authority.cert).validTo)).toBeLessThan(
      shift(start, AUTHORITY + DAY).getTime(),
    );

    await leap(HOUR);
    expect(certificateBlocks(bundle())).toEqual([authority.cert]);
    expect((await run(3000)).map((state) => state.foreign)).toEqual([[], []]);
  });

  test('leaves five replicas agreed on one successor', async () => {
    const replicas = Array.from({ length: 5 }, replica);
    await run(3000, replicas);
    const foreign = await made(CENTURY);
    store.put(secretData(foreign));
    const writes = store.writes;
    await run(60_000, replicas);
    const states = await run(3000, replicas);
    expect(states.map((state) => state.foreign)).toEqual(replicas.map(() => [foreign.authority.cert]));
    // Each replaces once the successor that it has not seen announced; one issues a shorter certificate, and one promotes the last successor.
    expect(store.writes - writes).toBeLessThanOrEqual(7);
  });

  test('is foreign whatever its lifetime and names, and one rotation replaces it', async () => {
    store.put(secretData(await made()));
    await run(60_000);
    const { authority } = stored();
    await leap(HOUR);
    await run(60_000);
    expect(stored()).toMatchObject({ authority, next: undefined, trusted: [authority.cert] });
  });

  test('is foreign without a key too, and is dropped after an hour', async () => {
    const sound = stored();
    const { authority } = await made();
    store.put({ ...store.data, 'ca.crt': sound.authority.cert + authority.cert });
    expect((await run(3000)).map((state) => state.foreign)).toEqual([[authority.cert], [authority.cert]]);
    await leap(HOUR);
    await leap(HOUR);
    expect(stored()).toMatchObject({ authority: sound.authority, trusted: [sound.authority.cert] });
  });

  test('does not sign, even if it is announced together with another', async () => {
    const sound = stored();
    const [one, two] = [await made(), await made()];
    const trusted = [sound.authority.cert, one.authority.cert, two.authority.cert];
    store.put(secretData({ ...sound, next: two.authority, trusted }));
    await run(60_000);
    expect(stored()).toMatchObject({ authority: sound.authority, next: undefined });
    await leap(HOUR);
    await leap(HOUR);
    expect(stored().trusted).toEqual([sound.authority.cert]);
  });

  test('that was dropped is foreign when it comes back', async () => {
    const sound = stored();
    const foreign = await made();
    store.put(secretData(foreign));
    await run(60_000);
    await leap(HOUR);
    await run(3000);
    store.put(secretData(sound));
    expect((await run(3000)).map((state) => state.foreign)).toEqual([[sound.authority.cert], [sound.authority.cert]]);
  });

  test('is not told from others by a replica that starts later, which replaces it by its lifetime', async () => {
    store.put(secretData(await made(CENTURY)));
    const [state] = await run(3000, [replica()]);
    expect(state).toMatchObject({ foreign: [], changes: [expect.stringContaining('longer than configured')] });
  });

  test('is not what a replica makes: an ordinary replacement and a restart raise nothing', async () => {
    for (let day = 0; day < 300; day += 2) {
      const states = await leap(2 * DAY);
      expect(states.flatMap((state) => state.foreign)).toEqual([]);
      if (day === 246) second = replica();
    }
  }, 60_000);
});

test('an authority that may sign for any name is replaced, as after an upgrade', async () => {
  const authority = await unlimited();
  const leaf = await issueLeaf(authority, NAMES, { at: start, lifetime: LEAF });
  store.put(secretData({ authority, leaf, next: undefined, trusted: [authority.cert] }));
  [first, second] = [replica(), replica()];
  await run(60_000);
  const replaced = stored();
  expect(replaced.trusted).toEqual([authority.cert, replaced.authority.cert]);
  const states = await leap(HOUR);
  expect(stored().trusted).toEqual([replaced.authority.cert]);
  expect(states.flatMap((state) => state.foreign)).toEqual([]);
});

describe('more than replicas store', () => {
  const many = async (count: number): Promise<string> => {
    const all = await Promise.all(Array.from({ length: count }, async () => (await made()).authority.cert));
    return all.join('');
  };

  test('is not read: 17 certificates, in ca.crt or in tls.crt', async () => {
    const sound = store.data;
    store.put({ ...sound, 'ca.crt': bundle() + (await many(16)) });
    await run(3000);
    expect(store.data).toEqual(sound);
    store.put({ ...sound, 'tls.crt': `${sound?.['tls.crt']}${await many(16)}` });
    await run(3000);
    expect(store.data).toEqual(sound);
  });

  test('is not read: 64 KiB, without a certificate in memory either', async () => {
    const sound = store.data;
    const fat = { ...sound, 'ca.crt': bundle() + '#'.repeat(64 * 1024) };
    store.put(fat);
    await run(3000);
    expect(store.data).toEqual(sound);
    store.put(fat);
    const [state] = await run(3000, [replica()]);
    expect(state?.changes).toEqual([expect.stringContaining('64 KiB')]);
    expect(bundle()).not.toContain('#');
  });

  test('is never written: the authorities needed least give way', async () => {
    const foreign = await made();
    store.put(secretData({ ...foreign, trusted: [...foreign.trusted, ...certificateBlocks(await many(15))] }));
    const before = stored();
    await run(3000);
    expect(stored().trusted).toHaveLength(16);
    expect(stored()).toMatchObject({ authority: before.authority, next: expect.anything() });
    await run(60_000);
    await leap(HOUR);
    expect(stored().trusted).toHaveLength(1);
  });

  test('of a published caBundle is not adopted: 8 authorities', async () => {
    store.put({});
    await replica().reconcile(start, [await many(12)]);
    expect(certificateBlocks(bundle())).toHaveLength(9);
  });
});
