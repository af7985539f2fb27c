import { type IncomingMessage, Server, type ServerOptions, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Connections that have not asked for the metrics. A probe of the kubelet is a new connection that sends its request at once and is closed with the
 * answer, so it is among the newest. One connection is accepted in each iteration of the event loop, at most some 10,000 a second.
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

/** A connection on which nothing is sent or received for this long is closed, such as that of a client that does not read its answer. */
const SILENT_MS = 10_000;

export interface AdminHttpServerOptions {
  readonly answer: (request: IncomingMessage, response: ServerResponse) => void;
  /** The path of the metrics. Other requests cost an accepted connection each, which bounds their rate. */
  readonly metricsPath: string;
  /** Called for each connection that is closed because of a limit. */
  readonly onExcess: () => void;
}

interface OpenConnection {
  readonly socket: Socket;
  readonly address: string;
  isIdle: boolean;
}

/** An HTTP server that keeps its connections within the limits, and closes the oldest ones instead of refusing new ones. */
export class AdminHttpServer extends Server {
  readonly #options: AdminHttpServerOptions;
  readonly #new = new Map<Socket, OpenConnection>();
  readonly #scrapers = new Map<Socket, OpenConnection>();

  constructor(options: AdminHttpServerOptions) {
    super(TIMEOUTS);
    this.#options = options;
    this.setTimeout(SILENT_MS);
    this.on('connection', (socket: Socket) => this.#accept(socket));
    this.on('request', (request: IncomingMessage, response) => this.#answer(request, response));
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

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { socket, url } = request;
    const connection = this.#new.get(socket) ?? this.#scrapers.get(socket);
    // No scraper sends a request before the previous one is answered, and thousands fit into what is read at once.
    if (!connection?.isIdle) {
      socket.destroy();
      return;
    }
    connection.isIdle = false;
    response.once('close', () => {
      connection.isIdle = true;
    });
    if (url !== this.#options.metricsPath) response.setHeader('connection', 'close');
    else if (!this.#admitScraper(connection)) return;
    this.#options.answer(request, response);
  }

  #admitScraper(connection: OpenConnection): boolean {
    this.#new.delete(connection.socket);
    this.#scrapers.set(connection.socket, connection);
    const excess = scraperToClose([...this.#scrapers.values()]);
    if (excess) this.#close(excess);
    return excess !== connection;
  }

  #close({ socket }: OpenConnection): void {
    // The event of the socket comes later.
    this.#forget(socket);
    socket.destroy();
    this.#options.onExcess();
  }

  #forget(socket: Socket): void {
    this.#new.delete(socket);
    this.#scrapers.delete(socket);
  }
}
