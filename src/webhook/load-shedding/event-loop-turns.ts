/** While something is read, the loop is looked at so often: in a loop that has nothing to do, so much is the error. */
const BEAT_MS = 25;

/** After so many beats without anything read, it is left alone. */
const SILENT_BEATS = 4;

/**
 * Since when what is read just now may have been waiting to be read. A server of one thread does not see its queue: that is in the sockets.
 * But it knows when it looked at them last: what it finds in one turn of the event loop came no earlier than the turn before began. How long
 * the loop was idle does not help: a process that is short of CPU is made to wait where it asks for events, and looks idle there.
 */
export class EventLoopTurns {
  #inTurn = false;
  #ended = 0;
  /** Of the turn that goes on, and of the one before. */
  #begun = 0;
  #begunBefore = 0;
  #isHeard = false;
  #silentBeats = SILENT_BEATS;
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setTimeout(() => this.#beat(), BEAT_MS).unref();
  }

  /** To be called for whatever is read. Costs next to nothing but once in a turn, and then a microsecond. */
  note(): void {
    this.#isHeard = true;
    if (!this.#inTurn) this.#begin();
  }

  /** By `performance.now()`, the earliest time at which what is read in this turn can have come. */
  waitingSince(): number {
    return this.#begunBefore;
  }

  #begin(): void {
    this.#inTurn = true;
    setImmediate(this.#end);
    if (this.#silentBeats < SILENT_BEATS) {
      this.#begunBefore = this.#begun;
      // A turn may begin with work that tells nobody (half a handshake), so it counts from the end of the one before.
      this.#begun = this.#ended;
      return;
    }
    this.#begunBefore = this.#begun = performance.now();
    this.#silentBeats = 0;
    this.#timer.refresh();
  }

  readonly #end = (): void => {
    this.#inTurn = false;
    this.#ended = performance.now();
  };

  #beat(): void {
    this.#silentBeats = this.#isHeard ? 0 : this.#silentBeats + 1;
    this.#isHeard = false;
    if (this.#silentBeats >= SILENT_BEATS) return;
    if (!this.#inTurn) this.#begin();
    this.#timer.refresh();
  }
}
