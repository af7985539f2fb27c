/** A setting that names a container which the pod does not have. */
export interface Unmatched<Source> {
  readonly pattern: string;
  readonly source: Source;
  readonly suggestion: string | undefined;
}
