/**
 * What a command prints to standard output, as data: `print` makes the text, so that no name of a manifest, a file or a cluster can act on a
 * terminal or a CI log.
 */
export type CommandOutput =
  /** For people: each element is one line, whatever is in it. */
  | { readonly kind: 'lines'; readonly lines: readonly string[] }
  /** For people, too: lines of a unified diff, where only the first character says what a line is. */
  | { readonly kind: 'diff'; readonly lines: readonly string[] }
  | { readonly kind: 'json'; readonly value: unknown }
  /** Data that is printed as it is: the user's own manifest, or YAML without unsafe characters. */
  | { readonly kind: 'document'; readonly text: string };

export interface CommandResult {
  readonly output: CommandOutput;
  /** Lines for standard error. */
  readonly messages?: readonly string[];
  /** 1: the command ran and found something wrong. 3: it could not look. */
  readonly exitCode: 0 | 1 | 3;
}
