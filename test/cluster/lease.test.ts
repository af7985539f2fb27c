import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ApiResponse, GetOptions, KubeClient, SendOptions } from '../../src/cluster/client/types.ts';
import { LeaderElection } from '../../src/cluster/lease.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { eventually } from '../support/eventually.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { RecordingLogger } from '../support/recording-logger.ts';

// An API server of one Lease: it keeps resource versions, and can be away. test/e2e/observer.test.ts elects on a real one.

class Leases implements Pick<KubeClient, 'getJson' | 'sendJson'> {
  lease: JsonObject | undefined;
  isAway = false;
  /** Requests get no answer until their time is over. */
  isHung = false;
  writes = 0;

  getJson(_: string, { timeoutMs }: GetOptions): Promise<ApiResponse> {
    if (this.isHung)
      return new Promise((resolve) => {
        clock.after(timeoutMs, () => resolve({ kind: 'timeout', afterMs: timeoutMs }));
      });
    if (this.isAway) return Promise.resolve({ kind: 'network', code: 'ECONNREFUSED', message: 'refused' });
    return Promise.resolve(this.lease ? { kind: 'ok', body: this.lease } : failure(404));
  }

  sendJson(_: string, { method, body }: SendOptions): Promise<ApiResponse> {
    if (this.isAway) return Promise.resolve({ kind: 'network', code: 'ECONNREFUSED', message: 'refused' });
    const given = body as { readonly metadata: { readonly resourceVersion?: string } };
    const current = (this.lease?.['metadata'] as { readonly resourceVersion?: string } | undefined)?.resourceVersion;
    // An update creates a Lease that does not exist.
    if (method !== 'PUT') throw new Error(`${method} needs a permission for all names`);
    if (given.metadata.resourceVersion !== current) return Promise.resolve(failure(409));
    this.writes += 1;
    this.lease = { ...given, metadata: { ...given.metadata, resourceVersion: String(this.writes) } };
    return Promise.resolve({ kind: 'ok', body: this.lease });
  }

  holder(): unknown {
    return (this.lease?.['spec'] as JsonObject | undefined)?.['holderIdentity'];
  }
}

const failure = (status: number): ApiResponse => ({ kind: 'http', status, reason: '', message: '', retryAfterMs: 0 });

let leases: Leases;
let clock: ManualClock;
let running: LeaderElection[];
beforeEach(() => {
  leases = new Leases();
  clock = new ManualClock();
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((one) => one.stop()));
});

/** One that records when it leads. */
function elect(identity: string): {
  readonly election: LeaderElection;
  readonly terms: () => number;
  readonly ended: () => number;
} {
  let terms = 0;
  let ended = 0;
  const election = new LeaderElection({
    // Nothing else of a client is used.
    client: leases as unknown as KubeClient,
    at: { namespace: 'apm', name: 'observer' },
    identity,
    logger: new RecordingLogger(),
    clock,
    wall: () => 1_800_000_000_000 + clock.now(),
  }).start(async (signal) => {
    terms += 1;
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    ended += 1;
  });
  running.push(election);
  return { election, terms: () => terms, ended: () => ended };
}

/** Lets so many seconds pass, in steps in which everyone acts. */
async function pass(seconds: number): Promise<void> {
  for (let step = 0; step < seconds * 2; step++) {
    clock.advance(500);
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  }
}

describe('of several replicas', () => {
  it('one leads, and another only after it has ended', async () => {
    const [one, two] = [elect('one'), elect('two')];
    await eventually(() => expect(one.election.leads() !== two.election.leads()).toBe(true));
    const [leader, other] = one.election.leads() ? [one, two] : [two, one];
    await pass(60);
    expect([leader.election.leads(), other.election.leads()]).toEqual([true, false]);
    await leader.election.stop();
    await pass(3);
    expect([leader.election.leads(), other.election.leads()]).toEqual([false, true]);
    expect(other.terms()).toBe(1);
  });

  it('one that stops without a word is replaced when its lease has been the same for its whole duration', async () => {
    leases.lease = {
      metadata: { resourceVersion: '7' },
      spec: {
        holderIdentity: 'gone',
        leaseDurationSeconds: 15,
        renewTime: '2020-01-01T00:00:00.000000Z',
        leaseTransitions: 3,
      },
    };
    const { election } = elect('one');
    await pass(13);
    expect(election.leads()).toBe(false);
    await pass(6);
    expect(election.leads()).toBe(true);
    expect(leases.lease).toMatchObject({ spec: { holderIdentity: 'one', leaseTransitions: 4 } });
  });

  it('one that cannot renew its lease ends before another may take it, and leads again when it can', async () => {
    const { election, terms } = elect('one');
    await eventually(() => expect(election.leads()).toBe(true));
    leases.isAway = true;
    await pass(13);
    expect(election.leads()).toBe(false);
    leases.isAway = false;
    await pass(3);
    expect(election.leads()).toBe(true);
    expect(terms()).toBe(2);
  });

  it('one whose renewals hang ends before another may take its lease', async () => {
    const { election, terms, ended } = elect('one');
    await eventually(() => expect(election.leads()).toBe(true));
    leases.isHung = true;
    await pass(10);
    expect({ leads: election.leads(), terms: terms(), ended: ended() }).toEqual({ leads: false, terms: 1, ended: 1 });
    leases.isHung = false;
    await pass(6);
    expect(election.leads()).toBe(true);
  });

  it('one that is stopped gives the lease back', async () => {
    const { election } = elect('one');
    await eventually(() => expect(election.leads()).toBe(true));
    await election.stop();
    expect(leases.holder()).toBe('');
    clock.expectNoTimers();
  });
});
