export interface Namespace {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Keys of annotations of which only the key was kept: they, or all of them together, are too long. */
  readonly tooLong?: readonly string[];
}

/** In characters. A longer value of a namespace's annotation is not kept: with 256 KiB each, a few hundred namespaces would fill the memory. */
export const MAX_VALUE_LENGTH = 1024;

/** Of all annotations of a namespace together, keys included, in characters. */
export const MAX_NAMESPACE_LENGTH = 8192;

/** The result of a lookup. `unavailable`: the namespace may or may not exist. */
export type NamespaceLookup =
  | { readonly kind: 'found'; readonly namespace: Namespace }
  | { readonly kind: 'absent' }
  /** `why` is a sentence fragment. */
  | { readonly kind: 'unavailable'; readonly why: string };
