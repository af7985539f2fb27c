import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { waitFor } from '../support/wait-for.ts';
import { figure } from './figure.ts';
import { namespaceFaults, type FaultName, type NamespaceFault } from './namespace-faults.ts';
import { domainNow } from './shop.ts';
import { startWatchedServer, type WatchedServer } from './watched-server.ts';

// Faults of the list and watch of namespaces: a server for each fault, all at the same time, since they mostly wait.

const FAULT_SECONDS = process.env['FAULTS_LONG'] === '1' ? 60 : 15;

interface Outcome {
  /** Seconds from a change at the end of the fault until it takes effect. */
  readonly recovered: number;
  /** Requests to the API server per second during the fault. */
  readonly requests: number;
  /** The values that pods got during the fault. */
  readonly meanwhile: readonly (string | undefined)[];
}

const outcomes = new Map<string, Outcome | Error>();

beforeAll(async () => {
  await Promise.all(
    Object.entries<NamespaceFault>(namespaceFaults).map(async ([name, fault]) => {
      outcomes.set(name, await runFault(fault).catch((error: unknown) => new Error(`${name}: ${String(error)}`)));
    }),
  );
}, 300_000);

async function runFault(fault: NamespaceFault): Promise<Outcome> {
  const server = await startWatchedServer({}, (api) => {
    for (const other of ['a', 'b', 'c', 'd']) api.put(other);
  });
  try {
    return await measure(server, fault);
  } finally {
    await server.stop();
  }
}

async function measure(server: WatchedServer, fault: NamespaceFault): Promise<Outcome> {
  const { api, wire, injector, change, requests } = server;
  const seconds = fault.seconds ?? FAULT_SECONDS;
  const meanwhile = [await domainNow(injector)];
  const before = requests();
  fault.begin(api, wire);
  change('1001');
  for (let second = 0; second < seconds; second += 1) {
    await delay(1000);
    meanwhile.push(await domainNow(injector));
  }
  const rate = (requests() - before) / seconds;
  for (const kind of ['list', 'watch', 'get'] as const) delete api.faults[kind];
  fault.end?.(api, wire);
  change('1002');
  const ended = performance.now();
  await waitFor('the change to take effect', async () => (await domainNow(injector)) === '1002', { deadline: 120_000 });
  return { recovered: Math.round((performance.now() - ended) / 100) / 10, requests: rate, meanwhile };
}

function outcomeOf(name: FaultName): Outcome {
  const outcome = outcomes.get(name);
  if (outcome === undefined || outcome instanceof Error) throw outcome ?? new Error(name);
  // The last known value, or the one of the change during the fault.
  for (const domain of outcome.meanwhile) expect(['1000', '1001']).toContain(domain);
  return outcome;
}

test('the server recovers when the packets of open connections are dropped (half-open)', () => {
  figure('watch-half-open', outcomeOf('halfOpen').recovered);
});

test('the server recovers when new connections get no answer either', () => {
  figure('watch-dark', outcomeOf('dark').recovered);
});

test('the server recovers when each connection is reset', () => {
  figure('watch-reset', outcomeOf('reset').recovered);
});

test('the server recovers from 410 Gone to a watch, in a watch, and to the second page of a list', () => {
  const gone = (['goneAtStart', 'goneInStream', 'goneInList'] as const).map((name) => outcomeOf(name).recovered);
  figure('watch-gone', Math.max(...gone));
});

test('the server recovers when each request gets a 5xx', () => {
  figure('watch-server-error', outcomeOf('serverError').recovered);
});

test('the server recovers when answers arrive at one byte a second', () => {
  figure('watch-slow', Math.max(outcomeOf('slow').recovered, outcomeOf('slowWatch').recovered));
});

test('the server recovers from HTML with status 200', () => {
  figure('watch-html', outcomeOf('html').recovered);
});

test('the server recovers from resource versions that decrease, are not numbers, never change, or are missing', () => {
  const names = ['versionBack', 'versionText', 'versionSame', 'versionMissing'] as const;
  figure('watch-versions', Math.max(...names.map((name) => outcomeOf(name).recovered)));
});

test('the server sends few requests during each fault', () => {
  // Object.keys returns string[].
  const names = Object.keys(namespaceFaults) as FaultName[];
  for (const name of names) {
    const { requests, recovered } = outcomeOf(name);
    console.log(`${name}: ${requests.toFixed(2)} requests/s, recovered within ${recovered} s`);
  }
  figure('watch-requests', Math.max(...names.map((name) => Math.round(outcomeOf(name).requests * 100) / 100)));
});
