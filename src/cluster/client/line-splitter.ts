const NEWLINE = 0x0a;

/**
 * Cuts a byte stream into lines. It cuts bytes, not text, so a character that spans two chunks stays whole; what has no
 * newline yet is `pending`, in bytes, and it is the caller who bounds it.
 */
export class LineSplitter {
  private parts: Buffer[] = [];
  pending = 0;

  /** The lines that this chunk completes, without their newlines; blank ones are left out. */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const line = this.take(chunk.subarray(start, end));
      if (line.trim() !== '') lines.push(line);
      start = end + 1;
    }
    this.keep(chunk.subarray(start));
    return lines;
  }

  /** What came after the last newline: empty unless the stream was cut off inside a line. */
  rest(): string {
    return this.take(Buffer.alloc(0)).trim();
  }

  private keep(part: Buffer): void {
    if (part.length === 0) return;
    this.parts.push(part);
    this.pending += part.length;
  }

  private take(last: Buffer): string {
    this.keep(last);
    const line = Buffer.concat(this.parts, this.pending).toString('utf8');
    this.parts = [];
    this.pending = 0;
    return line;
  }
}
