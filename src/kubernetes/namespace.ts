/** What a decision needs to know of a Namespace: its name, labels and annotations. */
export interface Namespace {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What became of asking for one namespace. `unavailable`: it may or may not exist. */
export type NamespaceLookup =
  | { readonly kind: 'found'; readonly namespace: Namespace }
  | { readonly kind: 'absent' }
  /** `why` is a sentence fragment. */
  | { readonly kind: 'unavailable'; readonly why: string };
