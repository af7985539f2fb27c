/** Something wrong in a document: where, as steps (`['spec', 'parameters', 2, 'default']`), and what. */
export interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** It is about the last step itself, and not about what stands there: an unknown key. */
  readonly at?: 'key';
}
