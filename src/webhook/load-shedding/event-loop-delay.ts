import type { Clock } from '../../lib/clock.ts';

/**
 * Longest iteration of an idle event loop. The bound is too high by at most two of these, and must stay below a third of the shortest deadline. Each tick
 * wakes an idle process, which takes it some 0.1 ms of CPU.
 */
const TICK_MS = 50;

/**
 * Upper bound of the time for which data waited in a socket before it was read. A process with one thread cannot see that queue, but whatever it
 * reads in one iteration of the event loop arrived after the previous iteration began. Event loop utilization cannot replace this, because a process
 * that is short of CPU is suspended where it waits for events, and looks idle. Neither can the histogram of monitorEventLoopDelay(), which does not
 * say which requests waited.
 */
export class EventLoopDelay {
  readonly #clock: Clock;
  readonly #onIterationEnd: (action: () => void) => void;
  #isInIteration = false;
  #previousStart: number;
  #start: number;
  #end: number;
  #cancelTick = (): void => {};

  constructor(clock: Clock, onIterationEnd: (action: () => void) => void = setImmediate) {
    this.#clock = clock;
    this.#onIterationEnd = onIterationEnd;
    this.#previousStart = this.#start = this.#end = clock.now();
  }

  /**
   * Also records iterations in which nothing is read. Timers run before anything is read, so a tick begins its iteration; the tick after a long
   * iteration of any kind is overdue, so it begins the next one.
   */
  start(): void {
    this.#begin(this.#clock.now());
    this.#cancelTick = this.#clock.after(TICK_MS, () => this.start());
  }

  stop(): void {
    this.#cancelTick();
  }

  /** Called for everything that is read from a socket. */
  recordRead(): void {
    // An iteration can begin with work that is not recorded (a part of a TLS handshake, a request of another server), so it starts at the end of the
    // recorded one before.
    this.#begin(this.#end);
  }

  #begin(start: number): void {
    if (this.#isInIteration) return;
    this.#isInIteration = true;
    this.#previousStart = this.#start;
    this.#start = start;
    this.#onIterationEnd(this.#endIteration);
  }

  /** Earliest time, by the clock, at which data that is read in this iteration can have arrived. */
  earliestArrival(): number {
    return this.#previousStart;
  }

  readonly #endIteration = (): void => {
    this.#isInIteration = false;
    this.#end = this.#clock.now();
  };
}
