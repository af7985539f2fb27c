import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { DAY, HOUR, shift } from '../../src/certificates/describe.ts';
import { AuthoritySource } from '../../src/certificates/authority-source.ts';
import { issueAuthority, issueLeaf } from '../../src/certificates/issue.ts';
import { certificateBlocks, findFault, type ServerCertificate } from '../../src/certificates/server-certificate.ts';
import type { Offer, Published } from '../../src/certificates/source.ts';
import { StoredSecret } from '../support/stored-secret.ts';

const start = new Date('2026-11-20T12:00:00Z');
const NAME = 'agent-injector.apm.svc';
const LEAF = 7 * DAY;
const AUTHORITY = 365 * DAY;

let store: StoredSecret;
let source: AuthoritySource;
const replica = (name = NAME): AuthoritySource =>
  new AuthoritySource({ store, names: [name], leafLifetime: LEAF, authorityLifetime: AUTHORITY });
beforeEach(() => {
  store = new StoredSecret();
  source = replica();
});

/** What is offered so long after the start. */
async function look(after = 0, published?: Published, by = source): Promise<Offer> {
  return by.evaluate(shift(start, after), published);
}
function certificateOf({ certificate, problem }: Offer): Required<ServerCertificate> {
  if (!certificate) throw new Error(problem);
  return { ca: '', ...certificate };
}
const bundle = (): string => store.data?.['ca.crt'] ?? '';
const serial = (pem: string): string => new X509Certificate(pem).serialNumber;

describe('with no Secret', () => {
  test('makes an authority and a leaf, and stores them', async () => {
    const offer = await look();
    const { cert, key, ca } = certificateOf(offer);
    expect(offer).toMatchObject({ problem: undefined, againInMs: 3000 });
    expect(offer.news).toEqual(['there was no Secret: a certificate authority and a certificate were made']);
    expect(store.data).toMatchObject({ 'tls.crt': cert, 'tls.key': key, 'ca.crt': ca });
    expect(findFault({ cert, key, ca }, start)).toBeUndefined();
    const [leaf, authority] = [new X509Certificate(cert), new X509Certificate(ca)];
    expect(leaf.subjectAltName).toBe(`DNS:${NAME}`);
    expect([leaf.validTo, authority.validTo]).toEqual(['Nov 27 12:00:00 2026 GMT', 'Nov 20 12:00:00 2027 GMT']);
  });

  test('takes what another was faster to store', async () => {
    const other = replica();
    store.meanwhile = () => void 0;
    const offers = await Promise.all([look(), look(0, undefined, other)]);
    expect(store.writes).toBe(1);
    expect(new Set(offers.map((offer) => certificateOf(offer).cert)).size).toBe(1);
    expect(offers.flatMap(({ news }) => news)).toHaveLength(1);
  });

  test('keeps those trusted who are published already, but no expired one and no garbage', async () => {
    const term = { at: start, lifetime: DAY };
    const [valid, expired] = await Promise.all([
      issueAuthority('valid', term),
      issueAuthority('expired', { at: shift(start, -3 * DAY), lifetime: DAY }),
    ]);
    const leaf = await issueLeaf(valid, ['a'], term);
    const garbage = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    await look(0, ['', expired.cert + valid.cert + leaf.cert + garbage, valid.cert]);
    expect(certificateBlocks(bundle())).toEqual([expect.any(String), valid.cert]);
  });
});

describe('the leaf', () => {
  test('is renewed at two thirds of its life and not before, by the same authority', async () => {
    const first = certificateOf(await look());
    expect(certificateOf(await look((LEAF * 2) / 3 - HOUR))).toEqual(first);
    const offer = await look((LEAF * 2) / 3 + 1000);
    expect(offer.news).toEqual(['the certificate was renewed']);
    const second = certificateOf(offer);
    expect(second.ca).toBe(first.ca);
    expect(second.cert).not.toBe(first.cert);
    expect(store.writes).toBe(2);
  });

  test('is looked for more often when it is due soon', async () => {
    await look();
    expect((await look((LEAF * 2) / 3 - 1000)).againInMs).toBe(1000);
    expect((await look((LEAF * 2) / 3 - 1)).againInMs).toBe(250);
  });

  test('is renewed after a pause in which it expired', async () => {
    await look();
    const offer = await look(8 * DAY);
    expect(findFault(certificateOf(offer), shift(start, 8 * DAY))).toBeUndefined();
    expect(offer.news).toEqual([
      'the Secret was of no use (tls.crt expired at 2026-11-27T12:00:00.000Z): its authority could be kept, the certificate was made anew',
    ]);
  });

  test('is made anew when it is to answer to another name', async () => {
    const first = certificateOf(await look());
    const offer = await look(0, undefined, replica('other.apm.svc'));
    expect(new X509Certificate(certificateOf(offer).cert).subjectAltName).toBe('DNS:other.apm.svc');
    expect(certificateOf(offer).ca).toBe(first.ca);
  });
});

describe('the authority', () => {
  const due = (AUTHORITY * 2) / 3 + 1000;
  const upTo = async (after: number): Promise<void> => {
    for (let at = 0; at < after; at += 4 * DAY) await look(at, [bundle()]);
  };

  test('is exchanged in three steps: trusted, then signing, and the old one dropped after one more leaf', async () => {
    await upTo(due);
    const [old = ''] = certificateBlocks(bundle());

    const begun = await look(due, [old]);
    expect(begun.news).toEqual(['a new certificate authority was made, to sign once it is trusted']);
    const both = certificateBlocks(bundle());
    expect(both[0]).toBe(old);
    expect(both).toHaveLength(2);
    const [, next = ''] = both;

    // Not in every entry yet, and after that not for long enough.
    expect((await look(due + HOUR, [bundle(), old])).news).toEqual([]);
    expect((await look(due + HOUR, undefined)).news).toEqual([]);
    expect((await look(due + HOUR, [bundle(), bundle()])).news).toEqual([]);
    expect((await look(due + HOUR + 9000, [bundle(), bundle()])).againInMs).toBe(1000);
    expect((await look(due + HOUR + 9500, [bundle(), old])).news).toEqual([]);
    expect((await look(due + HOUR + 10_000, [bundle(), bundle()])).news).toEqual([]);
    const promoted = await look(due + HOUR + 20_000, [bundle(), bundle()]);
    expect(promoted.news).toEqual(['the new certificate authority is trusted: it signs from now on']);
    const { cert } = certificateOf(promoted);
    expect(new X509Certificate(cert).verify(new X509Certificate(next).publicKey)).toBe(true);
    expect(certificateBlocks(bundle())).toEqual([old, next]);

    const renewed = await look(due + 5 * DAY, [bundle()]);
    expect(renewed.news).toEqual(['the certificate was renewed, and who no longer signs is no longer trusted']);
    expect(certificateBlocks(bundle())).toEqual([next]);
  });

  test('is followed by its successor when it expires before that is trusted everywhere', async () => {
    await upTo(due);
    await look(due, undefined);
    const [, next = ''] = certificateBlocks(bundle());
    const offer = await look(AUTHORITY + DAY, undefined);
    expect(certificateOf(offer).ca).toBe(next);
    expect(findFault(certificateOf(offer), shift(start, AUTHORITY + DAY))).toBeUndefined();
  });

  test('is made anew after 400 days of absence', async () => {
    const before = certificateOf(await look());
    const after = certificateOf(await look(400 * DAY));
    expect(after.ca).not.toContain(before.ca);
    expect(findFault(after, shift(start, 400 * DAY))).toBeUndefined();
  });
});

describe('a damaged Secret', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
  const damages: readonly [string, Readonly<Record<string, string>>, string][] = [
    ['garbage', { 'tls.crt': 'x', 'tls.key': 'x', 'ca.crt': 'x', 'ca.key': 'x' }, 'tls.crt holds nothing'],
    ['no leaf', { 'tls.crt': '' }, 'tls.crt holds nothing that is valid now and can be parsed'],
    ['no key', { 'tls.key': '' }, 'tls.key holds nothing'],
    ['no authority', { 'ca.crt': '' }, 'ca.crt holds nothing'],
    ["no authority's key", { 'ca.key': '' }, 'ca.key holds no key of an authority in ca.crt'],
    ["an RSA key as the authority's", { 'ca.key': String(rsa) }, 'ca.key holds no key of an authority in ca.crt'],
    ['an encrypted key', { 'tls.key': '-----BEGIN ENCRYPTED PRIVATE KEY-----' }, 'tls.key is encrypted'],
    ['the key of another', { 'tls.key': String(rsa) }, 'tls.key is not the key of tls.crt'],
  ];

  test.each(damages)('(%s) gets back what is in service', async (_, damage, why) => {
    const before = certificateOf(await look());
    const sound = store.data;
    store.put({ ...sound, ...damage });
    const offer = await look(DAY);
    expect(offer.news).toEqual([expect.stringContaining(`the Secret was of no use (${why}`)]);
    expect(offer.news[0]).toContain('what is in service was written back');
    expect(certificateOf(offer)).toEqual(before);
    expect(store.data).toEqual(sound);
  });

  test('that was deleted, too', async () => {
    await look();
    const sound = store.data;
    store.put(undefined);
    expect((await look(DAY)).news).toEqual(['there was no Secret: what is in service was written back']);
    expect(store.data).toEqual(sound);
  });

  test('keeps its authority, for a replica that knows nothing better', async () => {
    const before = certificateOf(await look());
    store.put({ ...store.data, 'tls.crt': '' });
    const after = certificateOf(await look(DAY, undefined, replica()));
    expect(after.ca).toBe(before.ca);
    expect(after.cert).not.toBe(before.cert);
  });

  test('is replaced whole where nothing in it is of use', async () => {
    store.put({ 'tls.crt': 'x' });
    expect(findFault(certificateOf(await look()), start)).toBeUndefined();
  });
});

describe('a Secret with another sound content', () => {
  test('is taken over, and who is in service stays trusted until the leaf after', async () => {
    const before = certificateOf(await look());
    const elsewhere = new StoredSecret();
    const stranger = new AuthoritySource({
      store: elsewhere,
      names: [NAME],
      leafLifetime: LEAF,
      authorityLifetime: AUTHORITY,
    });
    const swapped = certificateOf(await stranger.evaluate(start, undefined));
    store.put(elsewhere.data);
    const after = certificateOf(await look(HOUR));
    expect(serial(after.cert)).toBe(serial(swapped.cert));
    expect(after.ca).toBe(swapped.ca + before.ca);
    expect(store.writes).toBe(2);
    expect((await look(2 * HOUR)).news).toEqual([]);
    expect(certificateOf(await look(5 * DAY)).ca).toBe(swapped.ca);
  });
});

describe('trouble with the store', () => {
  test('is said, and what was offered stays offered', async () => {
    const before = certificateOf(await look());
    store.trouble = 'no connection';
    expect(await look(HOUR)).toMatchObject({ certificate: before, problem: 'no connection', againInMs: 3000 });
  });

  test('leaves nothing to offer at first', async () => {
    store.trouble = 'no connection';
    expect(await look()).toMatchObject({ certificate: undefined, problem: 'no connection' });
  });

  test('when writing is refused, nothing is served that is not stored', async () => {
    store.create = async () => ({ kind: 'failed', why: 'forbidden' });
    expect(await look()).toMatchObject({ certificate: undefined, problem: 'forbidden', news: [] });
  });

  test('ends when somebody always writes first', async () => {
    await look();
    store.update = async () => ({ kind: 'conflict' });
    const offer = await look(5 * DAY);
    expect(offer.problem).toBe('the Secret is written to by somebody else all the time');
  });
});
