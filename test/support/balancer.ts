import { createConnection, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import type { Replica } from './replicas.ts';

const HOST = '127.0.0.1';
const PROBE_INTERVAL_MS = 200;
const PROBE_TIMEOUT_MS = 1000;

type Target = Pick<Replica, 'port'>;
type Probed = Pick<Replica, 'port' | 'ask'>;

/** Distributes new connections over replicas in turn, like kube-proxy: a connection to a dead replica fails, without a retry on another. */
export interface Balancer {
  readonly port: number;
  /** Sets the replicas, whether they are ready or not. */
  readonly to: (replicas: readonly Target[]) => void;
  /**
   * Uses the replicas that are ready, probed every 200 ms, as the kubelet and the endpoint controller do. A replica that is not ready, or does
   * not answer two probes, gets no new connection. Its open connections stay. Resolves after the first probes.
   */
  readonly follow: (replicas: readonly Probed[]) => Promise<void>;
  /** The number of connections so far, in total or to one replica. */
  readonly connections: (replica?: Target) => number;
  /** The number of open connections to the replica. */
  readonly open: (replica: Target) => number;
  /** Closes all connections, so that new ones are distributed again. Calls in flight fail. */
  readonly cut: () => void;
  readonly close: () => void;
}

export async function startBalancer(): Promise<Balancer> {
  let targets: readonly number[] = [];
  let count = 0;
  let probing: NodeJS.Timeout | undefined;
  const counts = new Map<number, number>();
  const opened = new Map<number, Set<Socket>>();

  // Half-open connections stay open, so that data that was sent before an end arrives.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (incoming) => {
    const target = targets[count++ % targets.length];
    if (target === undefined) {
      incoming.on('error', () => {});
      incoming.resetAndDestroy();
      return;
    }
    counts.set(target, (counts.get(target) ?? 0) + 1);
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
      // The previous targets stay until the first probe is answered, as the endpoints of a Service do.
      clearInterval(probing);
      const ready = new Set<Probed>();
      const silent = new Set<Probed>();
      const probeAll = async (): Promise<void> => {
        const probe = async (replica: Probed): Promise<void> => {
          const answer = await probeOf(replica);
          if (answer === 'ready') ready.add(replica);
          else if (answer === 'unready' || silent.has(replica)) ready.delete(replica);
          if (answer === 'silent') silent.add(replica);
          else silent.delete(replica);
          if (probing === interval) targets = replicas.filter((one) => ready.has(one)).map((one) => one.port);
        };
        await Promise.all(replicas.map(probe));
      };
      const interval = setInterval(() => void probeAll(), PROBE_INTERVAL_MS);
      probing = interval;
      await probeAll();
    },
    connections: (replica) => (replica === undefined ? count : (counts.get(replica.port) ?? 0)),
    open: (replica) => opened.get(replica.port)?.size ?? 0,
    cut,
    close: () => {
      to([]);
      server.close();
      cut();
    },
  };
}

/** Probes a replica. The chart's readiness probe also needs two failures (failureThreshold: 2). */
async function probeOf(replica: Probed): Promise<'ready' | 'unready' | 'silent'> {
  const answer = replica.ask('/readyz').then(
    ({ status }) => (status === 200 ? ('ready' as const) : ('unready' as const)),
    () => 'silent' as const,
  );
  return Promise.race([answer, delay(PROBE_TIMEOUT_MS, 'silent' as const, { ref: false })]);
}
