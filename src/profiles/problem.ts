/** An error in a document: the path to it (`['spec', 'parameters', 2, 'default']`), and a message that does not repeat the path. */
export interface Problem {
  /** Of an unknown field: the one that was probably meant, and is not there. */
  readonly meant?: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** `key`: the last step itself is wrong (an unknown field), not its value. */
  readonly at?: 'key';
}

export interface ProfileSource {
  /** A file, or `built-in`. */
  readonly origin: string;
  readonly document: unknown;
  /** The place in the file of a part of the document, from 1; for documents with a text. */
  readonly positionOf?: (
    path: readonly PropertyKey[],
    at: 'key' | 'value',
  ) => { readonly line: number; readonly column: number };
}

export interface ProfileProblem extends Problem {
  readonly source: ProfileSource;
  /** The part of the path that is in the source itself; the rest may be inherited. */
  readonly sourcePath: readonly PropertyKey[];
}
