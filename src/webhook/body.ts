import type { IncomingMessage } from 'node:http';
import { parse } from 'secure-json-parse';
import type { Json } from '../lib/json.ts';
import { RequestError } from './request-error.ts';

/** A review of a creation contains one object, and the API server accepts objects of at most 3 MiB. */
export const BODY_LIMIT = 4 * 1024 * 1024;

/** Limit of all bodies that are being received, so that many large ones at a time cannot exhaust the memory. */
const TOTAL_LIMIT = 16 * 1024 * 1024;

/** Bodies up to this size count towards TOTAL_LIMIT, but are not rejected by it. */
const SMALL = 128 * 1024;

export class BodyReceiver {
  #totalSize = 0;

  /** Calls `done` exactly once, with the complete body or an error. */
  receive(request: IncomingMessage, done: (error: RequestError | null, body?: Buffer) => void): void {
    if (Number(request.headers['content-length'] ?? 0) > BODY_LIMIT) return done(tooLarge());
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (error?: RequestError): void => {
      this.#totalSize -= size;
      request.off('data', onData).off('end', onEnd).off('error', onError);
      if (error) done(error);
      else done(null, concat(chunks));
    };
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      size += chunk.length;
      this.#totalSize += chunk.length;
      if (size > BODY_LIMIT) finish(tooLarge());
      else if (this.#totalSize > TOTAL_LIMIT && size > SMALL)
        finish(new RequestError(413, 'too many large bodies at the same time'));
    };
    const onEnd = (): void => finish();
    const onError = ({ message }: Error): void =>
      finish(new RequestError(400, `the request cannot be read: ${message}`));
    request.on('data', onData).on('end', onEnd).on('error', onError);
  }
}

function tooLarge(): RequestError {
  return new RequestError(413, `the body is larger than ${BODY_LIMIT} bytes`);
}

function concat(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks;
  return first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks);
}

/** Parses a body. Throws a RequestError if it is not JSON, or too expensive to parse. */
export function parseBody(body: Buffer): Json {
  if (body.length === 0) throw new RequestError(400, 'the body is empty; send an AdmissionReview');
  if (isTooDense(body)) throw new RequestError(413, 'the body has too many JSON values for its size');
  try {
    const text = body.toString();
    // A pod may contain such keys legitimately. They are removed from our copy only: a patch does not touch them.
    const action = maySpellPrototype(text) ? 'remove' : 'ignore';
    const json: Json = parse(text, { protoAction: action, constructorAction: action });
    return json;
  } catch {
    // The parser's message quotes the body.
    throw new RequestError(400, 'the body is not valid JSON');
  }
}

/** False for most bodies: searching for three texts is far cheaper than the parser's regular expressions, which allow for every way to escape a letter. */
function maySpellPrototype(text: string): boolean {
  return text.includes('__proto__') || text.includes('constructor') || ESCAPED_LETTER.test(text);
}

/** Underscore and lower-case letters, as JSON may escape them. */
const ESCAPED_LETTER = /\\u00[567]/;

/** Parsing this much takes less than 100 ms. A pod of 40,000 variables stays below it. */
const MAX_PARSE_COST = 400_000;

/** Cost of a bracket, a key and an element. */
const COSTS: Readonly<Record<string, number>> = { '{': 3, '[': 3, ':': 2, ',': 1 };

const costOf = Uint8Array.from({ length: 256 }, (_, code) => COSTS[String.fromCodePoint(code)] ?? 0);

const QUOTE = 34;

const BACKSLASH = 92;

/** True for a large body of so many small values that parsing it would block the event loop: 4 MiB of brackets take half a second. */
export function isTooDense(body: Buffer): boolean {
  if (body.length <= SMALL) return false;
  let cost = 0;
  for (let at = 0; at < body.length; at++) {
    const code = body[at] ?? 0;
    if (code === QUOTE) at = endOfString(body, at);
    else cost += costOf[code] ?? 0;
  }
  return cost > MAX_PARSE_COST;
}

function endOfString(body: Buffer, start: number): number {
  for (let at = start + 1; at < body.length; at++) {
    const code = body[at];
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at++;
  }
  return body.length;
}
