import { type IncomingMessage, Server, type ServerOptions, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Connections that have not asked for the metrics. A probe of the kubelet is a new connection that sends its request at once and is closed with the
 * answer, so it is among the newest. One connection is accepted in each iteration of the event loop, some thousands a second at most.
 */
export const MAX_NEW_CONNECTIONS = 256;

/** Connections that have asked for the metrics. Each can hold a rendering of them, of up to 400 KB, until it is sent. */
export const MAX_SCRAPERS = 16;

/** Where the network plugin translates addresses, several peers share one. */
export const MAX_SCRAPERS_PER_ADDRESS = 8;

export interface Scraper {
  readonly address: string;
  /** Whether its requests are all answered. */
  readonly isIdle: boolean;
}

/**
 * Chooses which scraper to disconnect after one was added at the end; undefined within the limits. The others are in order of age. An idle one goes
 * first. Of an address with too many, the new one goes, which has cost nothing yet; of all addresses, the oldest one of the address with most.
 */
export function scraperToClose<S extends Scraper>(scrapers: readonly S[]): S | undefined {
  const newest = scrapers.at(-1);
  const ofAddress = scrapers.filter(({ address }) => address === newest?.address);
  if (ofAddress.length > MAX_SCRAPERS_PER_ADDRESS) return ofAddress.find(({ isIdle }) => isIdle) ?? newest;
  if (scrapers.length <= MAX_SCRAPERS) return undefined;
  return scrapers.find(({ isIdle }) => isIdle) ?? oldestOfLargestAddress(scrapers);
}

function oldestOfLargestAddress<S extends Scraper>(scrapers: readonly S[]): S | undefined {
  const counts = new Map<string, number>();
  for (const { address } of scrapers) counts.set(address, (counts.get(address) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return scrapers.find(({ address }) => counts.get(address) === most);
}

const TIMEOUTS: ServerOptions = {
  headersTimeout: 5000,
  requestTimeout: 5000,
  // Shorter than the interval of most scrapers: the connection would be of no use to them.
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 1000,
};

/** From the request until its answer is sent. A client that reads slowly would otherwise occupy its connection. */
const ANSWER_MS = 10_000;

interface OpenConnection {
  readonly socket: Socket;
  readonly address: string;
  isIdle: boolean;
}

/** An HTTP server that keeps its connections within the limits. */
export class AdminHttpServer extends Server {
  readonly #onExcess: () => void;
  /** Oldest first, as are the scrapers. */
  readonly #new = new Map<Socket, OpenConnection>();
  readonly #scrapers = new Map<Socket, OpenConnection>();

  /** `onExcess` is called for each connection that is closed because of a limit. */
  constructor(onExcess: () => void) {
    super(TIMEOUTS);
    this.#onExcess = onExcess;
    this.on('connection', (socket: Socket) => this.#accept(socket));
  }

  /** Answers requests by this function, and closes each connection with the answer: accepting connections bounds the rate of requests. */
  answerBy(answer: (request: IncomingMessage, response: ServerResponse) => void): this {
    return this.on('request', (request: IncomingMessage, response) => {
      if (this.#begin(request.socket, response)) answer(request, response);
    });
  }

  /** Keeps the connection of a request for metrics open. Returns false, and closes it, if there are too many of these. */
  admitScraper({ socket }: IncomingMessage, response: ServerResponse): boolean {
    const connection = this.#new.get(socket) ?? this.#scrapers.get(socket);
    if (!connection) return false;
    this.#new.delete(socket);
    this.#scrapers.set(socket, connection);
    const excess = scraperToClose([...this.#scrapers.values()]);
    if (excess) this.#close(excess);
    response.removeHeader('connection');
    return excess !== connection;
  }

  /** Closes connections without a request, too, unlike Node's own. */
  override closeAllConnections(): void {
    for (const socket of [...this.#new.keys(), ...this.#scrapers.keys()]) socket.destroy();
  }

  #accept(socket: Socket): void {
    this.#new.set(socket, { socket, address: socket.remoteAddress ?? '', isIdle: true });
    socket.once('close', () => this.#forget(socket));
    const [oldest] = this.#new.values();
    if (this.#new.size > MAX_NEW_CONNECTIONS && oldest) this.#close(oldest);
  }

  /** Returns false, and closes the connection, for a request before the previous answer: thousands fit into what is read at once. */
  #begin(socket: Socket, response: ServerResponse): boolean {
    const connection = this.#new.get(socket) ?? this.#scrapers.get(socket);
    if (!connection?.isIdle) {
      socket.destroy();
      return false;
    }
    connection.isIdle = false;
    const timer = setTimeout(() => socket.destroy(), ANSWER_MS);
    response.once('close', () => {
      clearTimeout(timer);
      connection.isIdle = true;
    });
    response.setHeader('connection', 'close');
    return true;
  }

  #close({ socket }: OpenConnection): void {
    // The event of the socket comes later.
    this.#forget(socket);
    socket.destroy();
    this.#onExcess();
  }

  #forget(socket: Socket): void {
    this.#new.delete(socket);
    this.#scrapers.delete(socket);
  }
}
