/** What a decision needs to know of a Namespace: its name, labels and annotations. */
export interface Namespace {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What asking the cluster for one namespace gave. */
export type NamespaceLookup =
  | { readonly kind: 'found'; readonly namespace: Namespace }
  | { readonly kind: 'absent' }
  /** In words that can stand in a sentence. */
  | { readonly kind: 'unavailable'; readonly why: string };
