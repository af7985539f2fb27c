import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CertificateKeeper, type KeeperOptions } from '../../src/certificates/keeper.ts';
import type { CaBundleStatus } from '../../src/cluster/webhook-configuration/ca-bundle.ts';
import { DAY, shift } from '../../src/certificates/describe.ts';
import { issueServerCertificate } from '../../src/certificates/issue.ts';
import type { ServerCertificate } from '../../src/certificates/server-certificate.ts';
import type { CertificateSource, Offer, Published } from '../../src/certificates/source.ts';

const NAME = 'agent-injector.apm.svc';
const scratch = mkdtempSync(join(tmpdir(), 'agent-injector-keeper-'));
let old: Required<ServerCertificate>;
let fresh: Required<ServerCertificate>;
beforeAll(async () => {
  const now = new Date();
  [old, fresh] = await Promise.all([issueServerCertificate([NAME], now), issueServerCertificate([NAME], now)]);
});
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

/** A source, a registration and a clock that do as they are told. */
class World {
  now = new Date();
  timers: { readonly ms: number; readonly action: () => void }[] = [];
  offer: Partial<Offer> = {};
  published: Published = undefined;
  wanted: ((published: string) => string) | undefined;
  status: CaBundleStatus = { state: 'present', repairs: 3, drift: [], trouble: undefined };
  lines: string[] = [];
  used: string[] = [];
  isShared = true;
  settleMs = 0;
  generation = 1;
  wantedFor: number | undefined;
  failure: Error | undefined;

  keeper(more: Partial<KeeperOptions> = {}): CertificateKeeper {
    const note = (level: string) => (_: object, message: string) => void this.lines.push(`${level}: ${message}`);
    const source: CertificateSource = {
      isShared: this.isShared,
      settleMs: this.settleMs,
      evaluate: async () => {
        if (this.failure) throw this.failure;
        return { certificate: undefined, problem: undefined, news: [], againInMs: 3000, ...this.offer };
      },
    };
    return new CertificateKeeper({
      source,
      registration: {
        published: () => this.published,
        generation: () => this.generation,
        want: (wanted, generation) => {
          this.wanted = wanted;
          this.wantedFor = generation;
        },
        status: () => this.status,
        whenSynced: () => Promise.resolve(),
        stop: () => Promise.resolve(),
      },
      servername: NAME,
      clientCa: undefined,
      log: { info: note('info'), warn: note('warn'), error: note('error') },
      clock: {
        now: () => this.now,
        after: (ms, action) => {
          const timer = { ms, action };
          this.timers.push(timer);
          return () => (this.timers = this.timers.filter((one) => one !== timer));
        },
      },
      ...more,
    });
  }
}

let world: World;
let servers: Server[];
beforeEach(() => {
  world = new World();
  servers = [];
});
afterEach(() => {
  for (const server of servers) server.close();
});

/** A server that is called, with what the keeper gives it. */
async function attach(keeper: CertificateKeeper): Promise<void> {
  const server = createServer(await keeper.whenServed(), (socket) => socket.end()).listen(0, '127.0.0.1');
  servers.push(server);
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  await keeper.attach({
    host: '127.0.0.1',
    port,
    use: (tls) => {
      server.setSecureContext({ cert: tls.cert, key: tls.key });
      world.used.push(tls.cert);
    },
  });
}

describe('a keeper', () => {
  test('waits for a certificate, and says so', async () => {
    world.offer = { problem: 'no connection' };
    const keeper = world.keeper();
    await keeper.check();
    expect(keeper.unready()).toEqual(['there is no certificate yet: no connection']);
    expect(world.lines).toEqual(['warn: no connection']);
    expect(keeper.gauges()).toMatchObject({ expiry: { leaf: undefined, ca: undefined }, hasProblem: true, repairs: 3 });
    await keeper.stop();
    expect(world.timers).toEqual([]);
  });

  test('serves, has the authorities published, and is ready once the server is trusted by them', async () => {
    world.offer = { certificate: old, news: ['made'] };
    world.published = [''];
    const keeper = world.keeper();
    await attach(keeper);
    expect(world.wanted?.('')).toBe(old.ca);
    expect(keeper.unready()).toEqual([
      `a caller who goes by the published caBundle does not trust ${NAME}: caBundle is empty`,
    ]);
    world.published = [old.ca, fresh.ca];
    await keeper.check();
    expect(keeper.unready()).toEqual([expect.stringMatching(/does not trust .*: (unable|self)/)]);
    world.published = [old.ca, old.ca];
    await keeper.check();
    expect(keeper.unready()).toEqual([]);
    expect(keeper.gauges()).toMatchObject({ renewals: { leaf: 0, ca: 0 }, hasProblem: false });
    expect(keeper.gauges().expiry.ca?.getTime()).toBe(keeper.gauges().expiry.leaf?.getTime());
    expect(world.lines.slice(0, 2)).toEqual(['info: made', 'info: serving with this certificate']);
    expect(world.timers.map(({ ms }) => ms)).toEqual([3000]);
    await keeper.stop();
  });

  test('takes another certificate into service only once it is trusted', async () => {
    world.offer = { certificate: old };
    world.published = [old.ca];
    const keeper = world.keeper();
    await attach(keeper);
    world.offer = { certificate: { ...fresh, ca: old.ca + fresh.ca } };
    await keeper.check();
    expect(world.used).toEqual([old.cert]);
    world.published = [old.ca + fresh.ca];
    await keeper.check();
    expect(world.used).toEqual([old.cert, fresh.cert]);
    expect(keeper.unready()).toEqual([]);
    expect(keeper.gauges().renewals).toEqual({ leaf: 1, ca: 1 });
    await keeper.stop();
  });

  test('waits until every API server can have heard of a new authority', async () => {
    world.settleMs = 10_000;
    world.offer = { certificate: old };
    world.published = [old.ca];
    const keeper = world.keeper();
    await attach(keeper);
    world.offer = { certificate: { ...fresh, ca: old.ca + fresh.ca } };
    world.published = [old.ca + fresh.ca];
    await keeper.check();
    world.now = shift(world.now, 9999);
    await keeper.check();
    expect(world.used).toEqual([old.cert]);
    world.now = shift(world.now, 1);
    await keeper.check();
    expect(world.used).toEqual([old.cert, fresh.cert]);
    await keeper.stop();
  });

  test('says of which generation of the configuration it knew before it looked', async () => {
    world.offer = { certificate: old };
    const keeper = world.keeper();
    const looked = keeper.check();
    world.generation = 2;
    await looked;
    expect(world.wantedFor).toBe(1);
    await keeper.stop();
  });

  test('keeps serving when another one cannot be served', async () => {
    world.offer = { certificate: old };
    const keeper = world.keeper();
    await attach(keeper);
    world.offer = { certificate: { ...fresh, key: 'garbage' } };
    await keeper.check();
    expect(keeper.trouble()).toMatch(/^the certificate cannot be served: /);
    world.offer = { certificate: fresh };
    await keeper.check();
    expect(keeper.trouble()).toBeUndefined();
    expect(world.lines.at(-1)).toBe('info: the certificate is in order again');
    await keeper.stop();
  });

  test('adds to what others have published where replicas may differ, and takes away what has expired', async () => {
    world.isShared = false;
    world.offer = { certificate: old };
    const past = await issueServerCertificate([NAME], shift(world.now, -400 * DAY));
    const keeper = world.keeper();
    await keeper.check();
    expect(world.wanted?.(fresh.ca + past.ca)).toBe(old.ca + fresh.ca);
    expect(world.wanted?.(old.ca + fresh.ca)).toBe(old.ca + fresh.ca);
    expect(world.wanted?.(fresh.ca + old.ca)).toBe(fresh.ca + old.ca);
    await keeper.stop();
  });

  test('says when there is nothing to publish', async () => {
    world.offer = { certificate: { cert: old.cert, key: old.key } };
    const keeper = world.keeper();
    await keeper.check();
    expect(keeper.trouble()).toBe('there is no ca.crt beside the certificate, so nothing can be written into caBundle');
    expect(world.wanted).toBeUndefined();
    await keeper.stop();
  });

  test.each([
    [{ state: 'unknown', trouble: 'refused' }, 'the webhook configuration is not known yet (refused)'],
    [{ state: 'absent' }, 'there is no webhook configuration yet'],
  ] as const)('is unready while the configuration is %j', async (status, sentence) => {
    world.status = { ...world.status, ...status };
    world.offer = { certificate: old };
    const keeper = world.keeper();
    await keeper.check();
    expect(keeper.unready()).toEqual([sentence]);
    await keeper.stop();
  });

  test('is unready when what it serves has expired', async () => {
    world.offer = { certificate: old };
    const keeper = world.keeper({ registration: undefined });
    await keeper.check();
    expect(keeper.unready()).toEqual([]);
    world.now = shift(world.now, 366 * DAY);
    expect(keeper.unready()).toEqual([expect.stringMatching(/^the certificate expired at 20/)]);
    await keeper.stop();
  });

  test('outlives a look that fails', async () => {
    world.offer = { certificate: old };
    const keeper = world.keeper();
    await keeper.check();
    world.failure = new Error('out of luck');
    await keeper.check();
    expect(keeper.trouble()).toBe('a look at the certificate failed: out of luck');
    expect(world.timers.map(({ ms }) => ms)).toEqual([3000]);
    await keeper.stop();
  });

  test('reads the authorities of callers again when they change', async () => {
    const clientCa = join(scratch, 'clients.crt');
    writeFileSync(clientCa, old.ca);
    world.offer = { certificate: old };
    const keeper = world.keeper({ clientCa, registration: undefined });
    expect(await keeper.whenServed()).toEqual({ cert: old.cert, key: old.key, clientCa: old.ca });
    writeFileSync(clientCa, fresh.ca);
    await keeper.check();
    expect((await keeper.whenServed()).clientCa).toBe(fresh.ca);
    writeFileSync(clientCa, 'garbage');
    await keeper.check();
    expect(keeper.trouble()).toBe(`${clientCa} holds no certificate`);
    rmSync(clientCa);
    await keeper.check();
    expect(keeper.trouble()).toContain('ENOENT');
    expect((await keeper.whenServed()).clientCa).toBe(fresh.ca);
    await keeper.stop();
  });
});
