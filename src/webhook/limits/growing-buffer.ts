const MIN_CAPACITY = 16 * 1024;

/**
 * Collects chunks. The bytes are copied, because a chunk of one byte takes some hundred bytes, and keeps everything alive that was read with it. The
 * capacity follows what was received, never what was announced.
 */
export class GrowingBuffer {
  readonly #maxLength: number;
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;

  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  get length(): number {
    return this.#length;
  }

  get capacity(): number {
    return this.#bytes.length;
  }

  /** Throws a RangeError if the length would exceed the maximum. */
  append(chunk: Buffer): void {
    const length = this.#length + chunk.length;
    if (length > this.#maxLength) throw new RangeError('the buffer is full');
    // Most bodies are complete in one chunk.
    if (chunk.length === this.#maxLength) this.#bytes = chunk;
    else {
      if (length > this.capacity) this.#grow(length);
      chunk.copy(this.#bytes, this.#length);
    }
    this.#length = length;
  }

  content(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(length: number): void {
    const capacity = Math.min(this.#maxLength, Math.max(MIN_CAPACITY, 2 * this.capacity, length));
    const bytes = Buffer.allocUnsafeSlow(capacity);
    this.#bytes.copy(bytes, 0, 0, this.#length);
    this.#bytes = bytes;
  }
}
