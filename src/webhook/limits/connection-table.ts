interface Connection {
  readonly address: string;
  isProven: boolean;
  /** Requests that were received completely and are not answered yet. */
  requests: number;
}

/**
 * Chooses which connection is closed when there are too many. Names of connections are unique among the open ones.
 *
 * A connection is proven once a review on it was answered. Anyone can send a review, so each kind is sure of half of the room, and can use what
 * the other leaves: idle proven connections cannot keep a new one out, and new ones, of which a flood can open thousands a second, cannot close
 * those that API servers keep open (25 for each client). Of its kind, the address with the most connections loses its oldest: an attacker with one address
 * displaces itself, and for callers behind one proxy the oldest idle connection goes, which is never one that has just been opened or used. A
 * request counts once its body is there: a client that sends one byte a second would otherwise keep a connection for ever.
 */
export class ConnectionTable {
  readonly #limit: number;
  readonly #connections = new Map<string, Connection>();
  readonly #unproven = new Candidates();
  /** Proven ones without a request. */
  readonly #idle = new Candidates();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Returns the connection to close, if any, and has forgotten it. It can be the new one, if all others are busy. */
  open(name: string, address: string): string | undefined {
    this.#connections.set(name, { address, isProven: false, requests: 0 });
    this.#unproven.add(address, name);
    if (this.#connections.size <= this.#limit) return undefined;
    const areUnprovenMost = this.#unproven.size > this.#limit / 2;
    const [first, second] = areUnprovenMost ? [this.#unproven, this.#idle] : [this.#idle, this.#unproven];
    const victim = first.oldestOfLargest() ?? second.oldestOfLargest();
    if (victim !== undefined) this.close(victim);
    return victim;
  }

  /** Called when a request begins. */
  use(name: string): void {
    const connection = this.#connections.get(name);
    if (connection?.isProven !== true || connection.requests > 0) return;
    this.#idle.delete(connection.address, name);
    this.#idle.add(connection.address, name);
  }

  /** Called when a request was received completely. */
  startRequest(name: string): void {
    const connection = this.#connections.get(name);
    if (!connection) return;
    connection.requests += 1;
    if (connection.isProven) this.#idle.delete(connection.address, name);
  }

  /** Called when it is answered. */
  endRequest(name: string, isReview: boolean): void {
    const connection = this.#connections.get(name);
    if (!connection) return;
    connection.requests -= 1;
    if (isReview && !connection.isProven) {
      connection.isProven = true;
      this.#unproven.delete(connection.address, name);
    }
    if (connection.isProven && connection.requests === 0) this.#idle.add(connection.address, name);
  }

  close(name: string): void {
    const connection = this.#connections.get(name);
    if (!connection) return;
    this.#connections.delete(name);
    this.#unproven.delete(connection.address, name);
    this.#idle.delete(connection.address, name);
  }
}

/** Connections that can be closed, by address. */
class Candidates {
  /** Oldest first. */
  readonly #byAddress = new Map<string, Set<string>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(address: string, name: string): void {
    const names = this.#byAddress.get(address) ?? new Set();
    this.#byAddress.set(address, names.add(name));
    this.#size += 1;
  }

  delete(address: string, name: string): void {
    const names = this.#byAddress.get(address);
    if (!names?.delete(name)) return;
    this.#size -= 1;
    if (names.size === 0) this.#byAddress.delete(address);
  }

  /** The oldest connection of the address that has most. */
  oldestOfLargest(): string | undefined {
    let largest: ReadonlySet<string> = new Set();
    for (const names of this.#byAddress.values()) if (names.size > largest.size) largest = names;
    const [oldest] = largest;
    return oldest;
  }
}
