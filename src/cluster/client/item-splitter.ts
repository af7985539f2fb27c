const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const [OPEN_OBJECT, CLOSE_OBJECT] = [0x7b, 0x7d];
const [OPEN_LIST, CLOSE_LIST] = [0x5b, 0x5d];

/** Depth inside the list `items` of the response's object. */
const IN_ITEMS = 2;

type Boundary = 'first' | 'last' | 'between';

const DEPTH_CHANGES: { readonly [boundary in Boundary]: number } = { first: 1, last: -1, between: 0 };

function isClosing(code: number | undefined): boolean {
  return code === CLOSE_OBJECT || code === CLOSE_LIST;
}

/**
 * Splits the JSON of a list (`{"metadata": …, "items": [{…}, {…}]}`) into the texts of its items while it arrives, so that a page needs the memory
 * of one item, however many large objects are in it. It splits bytes, not text, so a character that spans two chunks stays whole. The caller
 * bounds `pending`, the bytes that are held.
 */
export class ItemSplitter {
  #depth = 0;
  #isString = false;
  #isEscaped = false;
  #isItems = false;
  /** The last string at depth 1, as far as it can be `"items"`. */
  #key = '';
  #envelope: Buffer[] = [];
  #item: Buffer[] = [];
  #envelopeSize = 0;
  #itemSize = 0;

  get pending(): number {
    return this.#envelopeSize + this.#itemSize;
  }

  /** Returns the texts of the items that end in this chunk. */
  push(chunk: Buffer): readonly string[] {
    const items: string[] = [];
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      if (this.#isWithinItem()) at = this.#skip(chunk, at);
      if (at >= chunk.length) break;
      const boundary = this.#read(chunk[at] ?? 0);
      if (boundary === undefined) continue;
      const end = boundary === 'last' ? at + 1 : at;
      if (boundary === 'last') items.push(this.#flushItem(chunk.subarray(start, end)));
      else this.#hold(chunk.subarray(start, end));
      // The commas between items are left out of the envelope, whose list is empty.
      start = boundary === 'between' ? at + 1 : end;
      this.#depth += DEPTH_CHANGES[boundary];
    }
    this.#hold(chunk.subarray(start));
    return items;
  }

  #isWithinItem(): boolean {
    return this.#isItems && this.#depth > IN_ITEMS && !this.#isEscaped;
  }

  /**
   * Reads on in an item, up to the bracket that ends it or the end of the chunk, and returns where that is. Nearly all bytes of a list are read here, so
   * it is one loop.
   */
  #skip(chunk: Buffer, from: number): number {
    let depth = this.#depth;
    let isString = this.#isString;
    let at = from;
    for (; at < chunk.length; at++) {
      const code = chunk[at];
      if (isString) {
        if (code === QUOTE) isString = false;
        // The byte after it is part of the string, whatever it is.
        else if (code === BACKSLASH) at++;
      } else if (code === QUOTE) isString = true;
      else if (code === OPEN_OBJECT || code === OPEN_LIST) depth++;
      else if (isClosing(code)) {
        if (depth === IN_ITEMS + 1) break;
        depth--;
      }
    }
    this.#depth = depth;
    this.#isString = isString;
    // It is in the next chunk.
    this.#isEscaped = at > chunk.length;
    return at;
  }

  /** The text without the items, after the last chunk. */
  envelope(): string {
    return Buffer.concat([...this.#envelope, ...this.#item]).toString('utf8');
  }

  /** Reads a byte; if it is the first or the last one of an item, or between items, says so and does not count its bracket. */
  #read(code: number): Boundary | undefined {
    if (this.#isString) {
      this.#readInString(code);
      return undefined;
    }
    const boundary = this.#isItems ? this.#boundaryAt(code) : undefined;
    if (boundary === undefined) this.#readStructure(code);
    return boundary;
  }

  #boundaryAt(code: number): Boundary | undefined {
    if (this.#depth === IN_ITEMS) return code === OPEN_OBJECT ? 'first' : code === COMMA ? 'between' : undefined;
    return this.#depth === IN_ITEMS + 1 && code === CLOSE_OBJECT ? 'last' : undefined;
  }

  #readInString(code: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (code === BACKSLASH) this.#isEscaped = true;
    else if (code === QUOTE) this.#isString = false;
    if (this.#isString && this.#depth === 1 && this.#key.length < 6) this.#key += String.fromCodePoint(code);
  }

  #readStructure(code: number): void {
    if (code === QUOTE) this.#startString();
    else if (code === OPEN_LIST || code === OPEN_OBJECT) this.#open(code);
    else if (code === CLOSE_LIST || code === CLOSE_OBJECT) this.#close();
  }

  #startString(): void {
    this.#isString = true;
    if (this.#depth === 1) this.#key = '';
  }

  #open(code: number): void {
    this.#isItems ||= this.#depth === 1 && code === OPEN_LIST && this.#key === 'items';
    this.#depth++;
  }

  #close(): void {
    this.#depth--;
    if (this.#depth < IN_ITEMS) this.#isItems = false;
  }

  #hold(part: Buffer): void {
    if (part.length === 0) return;
    const isItem = this.#isItems && this.#depth > IN_ITEMS;
    (isItem ? this.#item : this.#envelope).push(part);
    if (isItem) this.#itemSize += part.length;
    else this.#envelopeSize += part.length;
  }

  #flushItem(last: Buffer): string {
    if (this.#itemSize === 0) return last.toString('utf8');
    const text = Buffer.concat([...this.#item, last], this.#itemSize + last.length).toString('utf8');
    this.#item = [];
    this.#itemSize = 0;
    return text;
  }
}
