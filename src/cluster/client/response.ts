import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { isObject, type JsonObject, parsedJson } from '../../lib/json.ts';
import type { Failure } from './errors.ts';
import { ItemSplitter } from './item-splitter.ts';
import { LineSplitter } from './line-splitter.ts';
import type { ApiResponse, ListOptions, TextResponse, WatchEnd, WatchOptions } from './types.ts';

const MAX_LINE_BYTES = 8 * 1024 * 1024;

const MAX_ERROR_BYTES = 64 * 1024;

const SAMPLE_LENGTH = 80;

/** Upper bound for Retry-After: no API server can stop the requests for longer. */
const MAX_RETRY_AFTER_MS = 30_000;

async function readBody(response: IncomingMessage, maxBytes: number): Promise<string | Failure> {
  const chunks: AsyncIterable<Buffer> = response;
  const parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > maxBytes) return { kind: 'too-large', maxBytes };
    parts.push(chunk);
  }
  return Buffer.concat(parts, size).toString('utf8');
}

export async function readObject(response: IncomingMessage, maxBytes: number): Promise<ApiResponse> {
  const text = await readBody(response, maxBytes);
  if (typeof text !== 'string') return text;
  const body = parseObject(text);
  return body === undefined ? notJson(text) : { kind: 'ok', body };
}

/** The text of a body, cut off at the limit. */
export async function readText(response: IncomingMessage, maxBytes: number): Promise<TextResponse> {
  const chunks: AsyncIterable<Buffer> = response;
  const parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    size += chunk.length;
    if (size >= maxBytes) break;
  }
  return { kind: 'ok', text: Buffer.concat(parts, size).subarray(0, maxBytes).toString('utf8') };
}

/** Reads an error response. Its body is a Status object only if the server is an API server, and not a proxy. */
export async function readFailure(response: IncomingMessage): Promise<Failure> {
  const text = await readBody(response, MAX_ERROR_BYTES);
  const status = typeof text === 'string' ? parseObject(text) : undefined;
  const field = (name: string): string => (typeof status?.[name] === 'string' ? status[name] : '');
  const seconds = Number(response.headers['retry-after'] ?? 0);
  return {
    kind: 'http',
    status: response.statusCode ?? 0,
    reason: field('reason'),
    message: field('message'),
    retryAfterMs: seconds > 0 ? Math.min(seconds * 1000, MAX_RETRY_AFTER_MS) : 0,
  };
}

/** Passes each item of a list to `onItem` as it arrives; the result is the list without its items. */
export async function readItems(response: IncomingMessage, { maxBytes, onItem }: ListOptions): Promise<ApiResponse> {
  const chunks: AsyncIterable<Buffer> = unpacked(response);
  const splitter = new ItemSplitter();
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    for (const text of splitter.push(chunk)) {
      const item = parseObject(text);
      if (item === undefined) return notJson(text);
      // Without a promise there is nothing to wait for: a list can have thousands of items.
      const done = onItem(item);
      // oxlint-disable-next-line no-await-in-loop -- one item at a time is in memory
      if (done !== undefined) await done;
    }
    if (size > maxBytes || splitter.pending > MAX_LINE_BYTES) return { kind: 'too-large', maxBytes };
  }
  const text = splitter.envelope();
  const body = parseObject(text);
  return body === undefined ? notJson(text) : { kind: 'ok', body };
}

function unpacked(response: IncomingMessage): AsyncIterable<Buffer> {
  if (response.headers['content-encoding'] !== 'gzip') return response;
  // The pipeline destroys both where one of them fails, and the reader sees the error.
  return pipeline(response, createGunzip({ chunkSize: 256 * 1024 }), () => {});
}

export async function readLines(response: IncomingMessage, watch: WatchOptions): Promise<WatchEnd> {
  const chunks: AsyncIterable<Buffer> = response;
  const maxBytes = watch.maxLineBytes ?? MAX_LINE_BYTES;
  const splitter = new LineSplitter();
  for await (const chunk of chunks) {
    for (const text of splitter.push(chunk)) {
      const line = parseObject(text);
      if (line === undefined) return notJson(text);
      if (watch.signal.aborted) return { kind: 'aborted' };
      watch.onLine(line);
    }
    if (splitter.pending > maxBytes) return { kind: 'too-large', maxBytes };
  }
  const rest = splitter.rest();
  return rest === '' ? { kind: 'ended' } : notJson(rest);
}

function parseObject(text: string): JsonObject | undefined {
  const value = parsedJson(text);
  return isObject(value) ? value : undefined;
}

function notJson(text: string): Failure {
  return { kind: 'not-json', sample: text.slice(0, SAMPLE_LENGTH) };
}
