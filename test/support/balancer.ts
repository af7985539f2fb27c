import { createConnection, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import type { Replica } from './replicas.ts';

const HOST = '127.0.0.1';
const PROBE_EVERY_MS = 200;
const PROBE_TIMEOUT_MS = 1000;

type Target = Pick<Replica, 'port'>;
type Probed = Pick<Replica, 'port' | 'ask'>;

/**
 * What kube-proxy is in a cluster: each new connection goes to the next of the replicas, and stays with it. One that goes to a replica that
 * takes none fails: nobody tries another.
 */
export interface Balancer {
  readonly port: number;
  /** These, whatever they say about themselves. */
  readonly to: (replicas: readonly Target[]) => void;
  /**
   * Those of these that say they are ready, asked every 200 ms, as kubelet and endpoint controller do. One that no longer is, or that twice said
   * nothing, gets no new connection; those that it has live on. Resolves when all were asked once.
   */
  readonly follow: (replicas: readonly Probed[]) => Promise<void>;
  /** How many there have been: all, or those for one replica, were it there or not. */
  readonly connections: (replica?: Target) => number;
  /** How many to this replica are open. */
  readonly open: (replica: Target) => number;
  /** Ends all that are open, so that the next ones are spread anew. For times when no call is under way. */
  readonly cut: () => void;
  readonly close: () => void;
}

export async function startBalancer(): Promise<Balancer> {
  let targets: readonly number[] = [];
  let count = 0;
  let probing: NodeJS.Timeout | undefined;
  const given = new Map<number, number>();
  const opened = new Map<number, Set<Socket>>();

  // Both ways on their own: an end from one side is no end of the other, and what was sent before it arrives.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (incoming) => {
    const target = targets[count++ % targets.length];
    if (target === undefined) {
      incoming.on('error', () => {});
      incoming.resetAndDestroy();
      return;
    }
    given.set(target, (given.get(target) ?? 0) + 1);
    const outgoing = createConnection({ host: HOST, port: target, allowHalfOpen: true, noDelay: true });
    const open = opened.get(target) ?? new Set();
    opened.set(target, open);
    outgoing.on('connect', () => open.add(outgoing));
    outgoing.on('close', () => open.delete(outgoing));
    for (const [from, into] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      from.pipe(into);
      from.on('error', () => into.resetAndDestroy());
    }
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, HOST, resolve));

  const to = (replicas: readonly Target[]): void => {
    clearInterval(probing);
    targets = replicas.map((replica) => replica.port);
  };
  const cut = (): void => {
    for (const open of opened.values()) for (const socket of open) socket.destroy(new Error('cut'));
  };
  return {
    port,
    to,
    follow: async (replicas) => {
      // Until the first has answered it goes on with those that it knows: a Service is never without endpoints because one more comes.
      clearInterval(probing);
      const ready = new Set<Probed>();
      const silent = new Set<Probed>();
      const look = async (): Promise<void> => {
        const probe = async (replica: Probed): Promise<void> => {
          const answer = await probed(replica);
          if (answer === 'ready') ready.add(replica);
          else if (answer === 'unready' || silent.has(replica)) ready.delete(replica);
          if (answer === 'silent') silent.add(replica);
          else silent.delete(replica);
          if (probing === mine) targets = replicas.filter((one) => ready.has(one)).map((one) => one.port);
        };
        await Promise.all(replicas.map(probe));
      };
      const mine = setInterval(() => void look(), PROBE_EVERY_MS);
      probing = mine;
      await look();
    },
    connections: (replica) => (replica === undefined ? count : (given.get(replica.port) ?? 0)),
    open: (replica) => opened.get(replica.port)?.size ?? 0,
    cut,
    close: () => {
      to([]);
      server.close();
      cut();
    },
  };
}

/** What it says of itself. One that says nothing is given up the second time, as the chart's readiness probe does (failureThreshold: 2). */
async function probed(replica: Probed): Promise<'ready' | 'unready' | 'silent'> {
  const asked = replica.ask('/readyz').then(
    ({ status }) => (status === 200 ? ('ready' as const) : ('unready' as const)),
    () => 'silent' as const,
  );
  return Promise.race([asked, delay(PROBE_TIMEOUT_MS, 'silent' as const, { ref: false })]);
}
