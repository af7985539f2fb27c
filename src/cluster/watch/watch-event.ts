import { isObject, type JsonObject } from '../../lib/json.ts';
import type { Interruption } from './backoff.ts';

/** One line of a watch, understood. `version` is the resourceVersion to go on watching from. */
export type WatchEvent =
  | { readonly kind: 'put' | 'remove'; readonly key: string; readonly object: JsonObject; readonly version: string }
  | { readonly kind: 'bookmark'; readonly version: string }
  | { readonly kind: 'interrupted'; readonly by: Interruption };

/** A page of a list, understood. `next` is the token of the next page, empty after the last. */
export interface Page {
  readonly items: readonly JsonObject[];
  readonly version: string;
  readonly next: string;
}

/** Reads a watch line; what is no watch event interrupts, because after it nothing can be trusted to be complete. */
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

/** Reads a list body; undefined when it is no list of named objects with a version, a Status served as 200 for instance. */
export function readPage(body: JsonObject): Page | undefined {
  // Go writes an empty list that was never filled as null.
  const items = body['items'] ?? [];
  const version = metadataField(body, 'resourceVersion');
  if (version === '' || !Array.isArray(items)) return undefined;
  const objects = items.filter(isObject);
  if (objects.length !== items.length || objects.some((object) => keyOf(object) === '')) return undefined;
  return { items: objects, version, next: metadataField(body, 'continue') };
}

/** `name`, or `namespace/name` for what lives in a namespace; empty when there is no name. */
export function keyOf(object: JsonObject): string {
  const name = metadataField(object, 'name');
  const namespace = metadataField(object, 'namespace');
  return name === '' || namespace === '' ? name : `${namespace}/${name}`;
}

/** Whether a version is older than another: they are decimal numbers of any length (KEP-5504). Others cannot be compared. */
export function isOlder(version: string, than: string): boolean {
  return /^\d+$/.test(version) && /^\d+$/.test(than) && BigInt(version) < BigInt(than);
}

function readStatus(status: JsonObject): Interruption {
  if (status['code'] === 410) return { kind: 'gone' };
  const message = typeof status['message'] === 'string' ? status['message'] : 'no message';
  return { kind: 'protocol', message: `the API server ended the watch with an error: ${message}` };
}

function metadataField(object: JsonObject, name: string): string {
  const value = isObject(object['metadata']) ? object['metadata'][name] : undefined;
  return typeof value === 'string' ? value : '';
}

function protocol(message: string): WatchEvent {
  return { kind: 'interrupted', by: { kind: 'protocol', message } };
}
