import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CertificateKeeper, type KeeperOptions } from '../../src/certificates/keeper.ts';
import type { CaBundleStatus } from '../../src/cluster/webhook-configuration/ca-bundle.ts';
import { DAY, shift } from '../../src/certificates/describe.ts';
import { issueServerCertificate } from '../../src/certificates/issue.ts';
import { pathSecretOf, type ServerCertificate } from '../../src/certificates/server-certificate.ts';
import type { CertificateSource, PublishedBundles, SourceState } from '../../src/certificates/source.ts';
import { ManualClock } from '../support/manual-clock.ts';

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

/** A source, a caBundle and clocks under the control of the test. */
class World {
  now = new Date();
  monotonic = new ManualClock();
  state: Partial<SourceState> = {};
  reconciled = 0;
  published: PublishedBundles = undefined;
  wanted: ((published: string) => string) | undefined;
  status: CaBundleStatus = { state: 'present', repairs: 3, drift: [], problem: undefined };
  lines: string[] = [];
  used: string[] = [];
  isShared = true;
  propagationMs = 0;
  generation = 1;
  wantedFor: number | undefined;
  pathSecret: string | undefined;
  failure: Error | undefined;

  keeper(more: Partial<KeeperOptions> = {}): CertificateKeeper {
    const log = (level: string) => (_: object, message: string) => void this.lines.push(`${level}: ${message}`);
    const source: CertificateSource = {
      isShared: this.isShared,
      propagationMs: this.propagationMs,
      reconcile: async () => {
        this.reconciled += 1;
        if (this.failure) throw this.failure;
        return {
          certificate: undefined,
          problem: undefined,
          changes: [],
          foreign: [],
          recheckAfterMs: 3000,
          ...this.state,
        };
      },
    };
    return new CertificateKeeper({
      source,
      caBundle: {
        published: () => this.published,
        generation: () => this.generation,
        usePathSecret: (secret) => {
          this.pathSecret = secret;
        },
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
      log: { info: log('info'), warn: log('warn'), error: log('error') },
      clock: { now: () => this.now, aheadMs: () => 0, monotonic: this.monotonic },
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

/** A listening TLS server with the keeper's certificate. */
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

describe('CertificateKeeper', () => {
  test('is not ready without a certificate, and logs the problem', async () => {
    world.state = { problem: 'no connection' };
    const keeper = world.keeper();
    await keeper.check();
    expect(keeper.notReady()).toEqual([expect.stringContaining('no connection')]);
    expect(world.lines).toEqual(['warn: no connection']);
    expect(keeper.gauges()).toMatchObject({ expiry: { leaf: undefined, ca: undefined }, hasProblem: true, repairs: 3 });
    await keeper.stop();
    expect(world.monotonic.open).toBe(0);
  });

  test('publishes the authorities, and is ready once the published ones verify the server', async () => {
    world.state = { certificate: old, changes: ['created'] };
    world.published = [''];
    const keeper = world.keeper();
    await attach(keeper);
    expect(world.wanted?.('')).toBe(old.ca);
    expect(keeper.notReady()).toEqual([expect.stringContaining('caBundle is empty')]);
    world.published = [old.ca, fresh.ca];
    await keeper.check();
    expect(keeper.notReady()).toEqual([expect.stringMatching(/: (unable|self)/)]);
    world.published = [old.ca, old.ca];
    await keeper.check();
    expect(keeper.notReady()).toEqual([]);
    expect(keeper.gauges()).toMatchObject({ renewals: { leaf: 0, ca: 0 }, hasProblem: false });
    expect(keeper.gauges().expiry.ca?.getTime()).toBe(keeper.gauges().expiry.leaf?.getTime());
    expect(world.lines[0]).toBe('info: created');
    await keeper.stop();
  });

  test('gives the path the secret of the certificate that replicas share, also before that is served', async () => {
    world.state = { certificate: old };
    world.published = [old.ca];
    const keeper = world.keeper();
    await keeper.check();
    expect(world.pathSecret).toBe(pathSecretOf(old));
    world.state = { certificate: fresh };
    await keeper.check();
    expect(world.pathSecret).toBe(pathSecretOf(fresh));
    await keeper.stop();
  });

  test('gives the path no secret if each replica has its own certificate', async () => {
    world.isShared = false;
    world.state = { certificate: old };
    const keeper = world.keeper();
    await keeper.check();
    expect(world.pathSecret).toBeUndefined();
    await keeper.stop();
  });

  test('checks again after the time that the source names', async () => {
    world.state = { certificate: old };
    const keeper = world.keeper();
    await keeper.check();
    world.monotonic.advance(2999);
    expect(world.reconciled).toBe(1);
    world.monotonic.advance(1);
    expect(world.reconciled).toBe(2);
    await keeper.stop();
  });

  test('serves another certificate only once it is trusted', async () => {
    world.state = { certificate: old };
    world.published = [old.ca];
    const keeper = world.keeper();
    await attach(keeper);
    world.state = { certificate: { ...fresh, ca: old.ca + fresh.ca } };
    await keeper.check();
    expect(world.used).toEqual([old.cert]);
    world.published = [old.ca + fresh.ca];
    await keeper.check();
    expect(world.used).toEqual([old.cert, fresh.cert]);
    expect(keeper.notReady()).toEqual([]);
    expect(keeper.gauges().renewals).toEqual({ leaf: 1, ca: 1 });
    await keeper.stop();
  });

  test('waits until every API server has had time to learn of a new authority', async () => {
    world.propagationMs = 10_000;
    world.state = { certificate: old };
    world.published = [old.ca];
    const keeper = world.keeper();
    await attach(keeper);
    world.state = { certificate: { ...fresh, ca: old.ca + fresh.ca } };
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

  test('publishes for the generation of the configuration that it saw before the source', async () => {
    world.state = { certificate: old };
    const keeper = world.keeper();
    const checked = keeper.check();
    world.generation = 2;
    await checked;
    expect(world.wantedFor).toBe(1);
    await keeper.stop();
  });

  test('keeps serving if another certificate cannot be served', async () => {
    world.state = { certificate: old };
    const keeper = world.keeper();
    await attach(keeper);
    world.state = { certificate: { ...fresh, key: 'garbage' } };
    await keeper.check();
    expect(keeper.problem()).toBeDefined();
    expect(world.used).toEqual([old.cert]);
    world.state = { certificate: fresh };
    await keeper.check();
    expect(keeper.problem()).toBeUndefined();
    expect(world.used).toEqual([old.cert, fresh.cert]);
    await keeper.stop();
  });

  test('adds to what other replicas have published if sources differ, and removes expired authorities', async () => {
    world.isShared = false;
    world.state = { certificate: old };
    const past = await issueServerCertificate([NAME], shift(world.now, -400 * DAY));
    const keeper = world.keeper();
    await keeper.check();
    expect(world.wanted?.(fresh.ca + past.ca)).toBe(old.ca + fresh.ca);
    expect(world.wanted?.(old.ca + fresh.ca)).toBe(old.ca + fresh.ca);
    expect(world.wanted?.(fresh.ca + old.ca)).toBe(fresh.ca + old.ca);
    await keeper.stop();
  });

  test('reports a certificate without authorities that could be published', async () => {
    world.state = { certificate: { cert: old.cert, key: old.key } };
    const keeper = world.keeper();
    await keeper.check();
    expect(keeper.problem()).toContain('ca.crt');
    expect(world.wanted).toBeUndefined();
    await keeper.stop();
  });

  test.each([
    [{ state: 'unknown', problem: 'refused' }, 'refused'],
    [{ state: 'absent' }, 'does not exist'],
  ] as const)('is not ready while the webhook configuration is %j', async (status, reason) => {
    world.status = { ...world.status, ...status };
    world.state = { certificate: old };
    const keeper = world.keeper();
    await keeper.check();
    expect(keeper.notReady()).toEqual([expect.stringContaining(reason)]);
    await keeper.stop();
  });

  test('is not ready once the certificate has expired', async () => {
    world.state = { certificate: old };
    const keeper = world.keeper({ caBundle: undefined });
    await keeper.check();
    expect(keeper.notReady()).toEqual([]);
    world.now = shift(world.now, 366 * DAY);
    expect(keeper.notReady()).toEqual([expect.stringContaining('expired at 20')]);
    await keeper.stop();
  });

  test('continues after a check that fails', async () => {
    world.state = { certificate: old };
    const keeper = world.keeper();
    await keeper.check();
    world.failure = new Error('out of luck');
    await keeper.check();
    expect(keeper.problem()).toContain('out of luck');
    expect(world.monotonic.open).toBe(1);
    await keeper.stop();
  });

  test('reads the authorities of client certificates again when they change', async () => {
    const clientCa = join(scratch, 'clients.crt');
    writeFileSync(clientCa, old.ca);
    world.state = { certificate: old };
    const keeper = world.keeper({ clientCa, caBundle: undefined });
    expect(await keeper.whenServed()).toEqual({ cert: old.cert, key: old.key, clientCa: old.ca });
    writeFileSync(clientCa, fresh.ca);
    await keeper.check();
    expect((await keeper.whenServed()).clientCa).toBe(fresh.ca);
    writeFileSync(clientCa, 'garbage');
    await keeper.check();
    expect(keeper.problem()).toContain(clientCa);
    rmSync(clientCa);
    await keeper.check();
    expect(keeper.problem()).toContain('ENOENT');
    expect((await keeper.whenServed()).clientCa).toBe(fresh.ca);
    await keeper.stop();
  });
});
