export interface CommandResult {
  readonly output: string;
  /** Lines for standard error. */
  readonly messages?: readonly string[];
  /** 1: the command ran and found something wrong. */
  readonly exitCode: 0 | 1;
}
