import type { IncomingMessage } from 'node:http';

/** An AdmissionReview of a creation holds one object, and an API server takes none above 3 MiB. */
export const BODY_LIMIT = 4 * 1024 * 1024;

/** All bodies that are being received, together: a hundred large ones at a time must not cost the memory of a hundred. */
const BODIES_LIMIT = 16 * 1024 * 1024;

/** Below this a body counts, but is never turned away for the sake of the others. */
const SMALL = 128 * 1024;

/** What is wrong with a body: an HTTP status, and a sentence for whoever sent it. */
export class BodyError extends Error {
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

/** Receives bodies within bounds for each and for all together. */
export class Bodies {
  #received = 0;

  /** Tells the body, or a BodyError. Tells it once. */
  receive(request: IncomingMessage, done: (error: BodyError | null, body?: Buffer) => void): void {
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced > BODY_LIMIT) return done(tooLarge());
    const chunks: Buffer[] = [];
    let size = 0;
    const end = (error?: BodyError): void => {
      this.#received -= size;
      request.off('data', take).off('end', whole).off('error', broken);
      if (error) done(error);
      else done(null, wholeOf(chunks));
    };
    const take = (chunk: Buffer): void => {
      chunks.push(chunk);
      size += chunk.length;
      this.#received += chunk.length;
      if (size > BODY_LIMIT) end(tooLarge());
      else if (this.#received > BODIES_LIMIT && size > SMALL)
        end(new BodyError(413, 'too many large bodies at a time'));
    };
    const whole = (): void => end();
    const broken = (error: Error): void => end(new BodyError(400, `the request cannot be read: ${error.message}`));
    request.on('data', take).on('end', whole).on('error', broken);
  }
}

function tooLarge(): BodyError {
  return new BodyError(413, `the body is larger than ${BODY_LIMIT} bytes`);
}

function wholeOf(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks;
  return first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks);
}

/** So much work is parsed in less than a tenth of a second. A pod of 40,000 variables has less. */
const MAX_JSON_TOKENS = 400_000;

/** What a bracket, a key and an element cost. */
const WORK: Readonly<Record<string, number>> = { '{': 3, '[': 3, ':': 2, ',': 1 };

const workOf = Uint8Array.from({ length: 256 }, (_, code) => WORK[String.fromCodePoint(code)] ?? 0);

const QUOTE = 34;

const BACKSLASH = 92;

/**
 * Whether the body is so densely made of small values that parsing it would keep everybody waiting: half a second for 4 MiB of brackets. A small
 * one never is.
 */
export function isTooDense(body: Buffer): boolean {
  if (body.length <= SMALL) return false;
  let work = 0;
  for (let at = 0; at < body.length; at++) {
    const code = body[at] ?? 0;
    if (code === QUOTE) at = endOfString(body, at);
    else work += workOf[code] ?? 0;
  }
  return work > MAX_JSON_TOKENS;
}

/** Where the string that begins here has its last quote; the end of the body where it has none. */
function endOfString(body: Buffer, begin: number): number {
  for (let at = begin + 1; at < body.length; at++) {
    const code = body[at];
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at++;
  }
  return body.length;
}
