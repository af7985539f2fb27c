import { parse } from 'secure-json-parse';
import type { Json } from '../lib/json.ts';
import { RequestError } from './request-error.ts';

/** A review of a creation contains one object, and the API server accepts objects of at most 3 MiB. */
export const BODY_LIMIT = 4 * 1024 * 1024;

/** Bodies up to this size are cheap to parse, whatever they contain, and do not count as large. */
export const SMALL_BODY = 128 * 1024;

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
  if (body.length <= SMALL_BODY) return false;
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
