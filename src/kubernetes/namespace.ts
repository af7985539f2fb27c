export interface Namespace {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The result of a lookup. `unavailable`: the namespace may or may not exist. */
export type NamespaceLookup =
  | { readonly kind: 'found'; readonly namespace: Namespace }
  | { readonly kind: 'absent' }
  /** `why` is a sentence fragment. */
  | { readonly kind: 'unavailable'; readonly why: string };
