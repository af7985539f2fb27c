const NEWLINE = 0x0a;

/**
 * Splits a byte stream into lines. It splits bytes, not text, so a character that spans two chunks stays whole. The caller bounds `pending`,
 * the bytes that have no newline yet.
 */
export class LineSplitter {
  #parts: Buffer[] = [];
  pending = 0;

  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const line = this.#flush(chunk.subarray(start, end));
      if (line.trim() !== '') lines.push(line);
      start = end + 1;
    }
    this.#append(chunk.subarray(start));
    return lines;
  }

  /** Returns the text after the last newline: empty unless the stream ended inside a line. */
  rest(): string {
    return this.#flush(Buffer.alloc(0)).trim();
  }

  #append(part: Buffer): void {
    if (part.length === 0) return;
    this.#parts.push(part);
    this.pending += part.length;
  }

  #flush(last: Buffer): string {
    this.#append(last);
    const line = Buffer.concat(this.#parts, this.pending).toString('utf8');
    this.#parts = [];
    this.pending = 0;
    return line;
  }
}
