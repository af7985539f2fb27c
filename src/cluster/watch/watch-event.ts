import { isObject, type JsonObject, objectIn, textIn } from '../../lib/json.ts';
import type { Interruption } from './backoff.ts';

/** A parsed line of a watch. `version` is the resourceVersion to continue from. */
export type WatchEvent =
  | { readonly kind: 'put' | 'remove'; readonly key: string; readonly object: JsonObject; readonly version: string }
  | { readonly kind: 'bookmark'; readonly version: string }
  | { readonly kind: 'interrupted'; readonly by: Interruption };

/** A parsed page of a list, without its items. `next` is the token of the next page, empty after the last. */
export interface Page {
  readonly version: string;
  readonly next: string;
}

/** Parses a line of a watch. Anything but a watch event interrupts the watch: events may be missing after it. */
export function readEvent(line: JsonObject): WatchEvent {
  const { type, object } = line;
  if (!isObject(object)) return protocol('the API server sent a watch event without an object');
  if (type === 'ERROR') return { kind: 'interrupted', by: readStatus(object) };
  const version = metadataField(object, 'resourceVersion');
  if (version === '') return protocol('the API server sent a watch event without a resource version');
  if (type === 'BOOKMARK') return { kind: 'bookmark', version };
  const key = keyOf(object);
  if (key === '') return protocol('the API server sent a watch event about an object without a name');
  if (type === 'ADDED' || type === 'MODIFIED') return { kind: 'put', key, object, version };
  if (type === 'DELETED') return { kind: 'remove', key, object, version };
  return protocol('the API server sent a watch event of an unknown type');
}

/** Parses the body of a list without its items. Undefined unless it is a list with a version: a Status may come with status 200. */
export function readPage(body: JsonObject): Page | undefined {
  // Go encodes a nil slice as null.
  const items = body['items'] ?? [];
  const version = metadataField(body, 'resourceVersion');
  // Objects were taken out of the list: anything that is left is something else.
  if (version === '' || !Array.isArray(items) || items.length > 0) return undefined;
  return { version, next: metadataField(body, 'continue') };
}

/** Returns `name`, or `namespace/name` for a namespaced object; empty without a name. */
export function keyOf(object: JsonObject): string {
  const name = metadataField(object, 'name');
  const namespace = metadataField(object, 'namespace');
  return name === '' || namespace === '' ? name : `${namespace}/${name}`;
}

/** Compares two resource versions, decimal numbers of any length (KEP-5504). False if one of them is something else. */
export function isOlder(version: string, than: string): boolean {
  return /^\d+$/.test(version) && /^\d+$/.test(than) && BigInt(version) < BigInt(than);
}

function readStatus(status: JsonObject): Interruption {
  if (status['code'] === 410) return { kind: 'gone' };
  const message = textIn(status, 'message') || 'no message';
  return { kind: 'protocol', message: `the API server ended the watch with an error: ${message}` };
}

function metadataField(object: JsonObject, name: string): string {
  return textIn(objectIn(object, 'metadata'), name);
}

function protocol(message: string): WatchEvent {
  return { kind: 'interrupted', by: { kind: 'protocol', message } };
}
