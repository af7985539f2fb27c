/** A use of memory that lasts until its peer has sent or read the rest. */
export interface MemoryUse {
  /** Of the peer. */
  readonly address: string;
}

interface Entry {
  readonly bytes: number;
  /** Bytes that had been transferred when the use last made progress, and when that was. */
  readonly mark: number;
  readonly at: number;
}

/** Progress is this much in STALL_MS, 64 KiB a second. An API server sends a whole review in a few milliseconds. */
const MIN_PROGRESS = 16 * 1024;

const STALL_MS = 250;

/**
 * Limits the memory that uses take together, and chooses which use ends when they take more. As long as all fit, nothing is limited: behind a
 * proxy, all API servers and all other callers can share one address.
 *
 * First goes the use that has made no progress for the longest time, whatever its address: an attacker can hold memory only by sending all the
 * time. If all make progress, the address with the most bytes loses its oldest use. So an attacker with one address displaces itself, and one that
 * shares the API server's address has to replace the whole budget within the milliseconds that a review takes.
 */
export class MemoryBudget<Use extends MemoryUse> {
  readonly #limit: number;
  /** Least recent progress first. */
  readonly #entries = new Map<Use, Entry>();
  readonly #byAddress = new Map<string, number>();
  #total = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** `bytes`: what the use takes now. `transferred`: what its peer has sent or read. */
  update(use: Use, bytes: number, transferred: number, now: number): void {
    const known = this.#entries.get(use);
    this.#add(use.address, bytes - (known?.bytes ?? 0));
    if (known && transferred - known.mark < MIN_PROGRESS) {
      this.#entries.set(use, { ...known, bytes });
      return;
    }
    this.#entries.delete(use);
    this.#entries.set(use, { bytes, mark: transferred, at: now });
  }

  remove(use: Use): void {
    this.#add(use.address, -(this.#entries.get(use)?.bytes ?? 0));
    this.#entries.delete(use);
  }

  /** The use that has to end next; undefined if all fit. */
  excess(now: number): Use | undefined {
    if (this.#total <= this.#limit) return undefined;
    const [oldest, { at } = { at: now }] = this.#entries.entries().next().value ?? [];
    if (now - at > STALL_MS) return oldest;
    const address = this.#largestAddress();
    for (const use of this.#entries.keys()) if (use.address === address) return use;
    return undefined;
  }

  #add(address: string, bytes: number): void {
    this.#total += bytes;
    const sum = (this.#byAddress.get(address) ?? 0) + bytes;
    if (sum === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, sum);
  }

  #largestAddress(): string | undefined {
    let largest: string | undefined;
    let most = 0;
    for (const [address, bytes] of this.#byAddress) {
      if (bytes > most) [largest, most] = [address, bytes];
    }
    return largest;
  }
}
