export interface HttpAnswer {
  readonly status: number;
  /** The server closes the connection after this answer. */
  readonly last: boolean;
  /** One character per byte, since only ASCII is compared. */
  readonly body: string;
  /** The number of bytes of the answer. */
  readonly size: number;
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const LENGTH = /\r\ncontent-length: *(\d+)/i;
const CLOSE = /\r\nconnection: *close/i;

/** Parses the answer at the beginning of the bytes; undefined if it is not complete. Throws if it has no Content-Length. */
export function readAnswer(bytes: Buffer): HttpAnswer | undefined {
  const end = bytes.indexOf(END_OF_HEAD);
  if (end < 0) return undefined;
  const head = bytes.toString('latin1', 0, end);
  const length = LENGTH.exec(head)?.[1];
  if (!head.startsWith('HTTP/1.1 ') || length === undefined) throw new Error(`not an answer: ${head}`);
  const from = end + END_OF_HEAD.length;
  const size = from + Number(length);
  if (bytes.length < size) return undefined;
  return {
    status: Number(head.slice(9, 12)),
    last: CLOSE.test(head),
    body: bytes.toString('latin1', from, size),
    size,
  };
}

/** Undefined if the answer has the uid, is allowed, and has exactly this patch; else what is wrong. */
export function wrongWith({ status, body }: HttpAnswer, uid: string, patch: string): string | undefined {
  if (status !== 200) return `status ${status}: ${body.slice(0, 300)}`;
  if (!body.includes(`"uid":"${uid}"`)) return `another uid than ${uid}: ${body.slice(0, 300)}`;
  if (!body.includes('"allowed":true')) return `not allowed: ${body.slice(0, 300)}`;
  if (!body.includes(`"patch":"${patch}"`)) return `another patch than expected: ${body}`;
  return undefined;
}
