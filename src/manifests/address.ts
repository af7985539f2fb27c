import { errorMessage } from '../lib/error-message.ts';
import { UsageError } from '../lib/usage-error.ts';

const TIMEOUT_MS = 30_000;

/** Far above any manifest. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Reads a document from an https address. Throws a UsageError for other addresses, and if it cannot be read. */
export async function readAddress(address: string, get: typeof fetch = fetch): Promise<Buffer> {
  const refuse = (why: string): never => {
    throw new UsageError([`${address}: ${why}`]);
  };
  const requireHttps = (url: string): void => {
    if (!URL.canParse(url) || new URL(url).protocol !== 'https:') refuse('only https addresses are read');
  };
  requireHttps(address);
  const response = await get(address, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch((error: unknown) =>
    refuse(causeOf(error)),
  );
  // A redirect must not leave https either.
  requireHttps(response.url);
  if (!response.ok) refuse(`the server answered ${response.status}`);
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    parts.push(part);
    size += part.length;
    if (size > MAX_BYTES) refuse(`it has more than ${MAX_BYTES} bytes`);
  }
  return Buffer.concat(parts);
}

/** The reason of a failed fetch is in its cause. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return errorMessage(cause instanceof Error ? cause : error);
}
