/** A server-sent event. */
export interface StreamEvent {
  readonly event: string;
  readonly data: string;
}

/**
 * Reads server-sent events from text that arrives in pieces (https://html.spec.whatwg.org/multipage/server-sent-events.html). EventSource cannot
 * send a token, and does not say why a connection failed, so both ways to the page read the stream with fetch.
 */
export class EventStreamReader {
  #rest = '';
  #event = '';
  #data: string[] = [];

  /** The events that this piece completes. */
  push(piece: string): readonly StreamEvent[] {
    const text = this.#rest + piece;
    const lines = text.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): readonly StreamEvent[] {
    if (line === '') return this.#dispatch();
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === 'event') this.#event = value;
    else if (field === 'data') this.#data.push(value);
    return [];
  }

  #dispatch(): readonly StreamEvent[] {
    const event = { event: this.#event || 'message', data: this.#data.join('\n') };
    const isComplete = this.#data.length > 0;
    this.#event = '';
    this.#data = [];
    return isComplete ? [event] : [];
  }
}
