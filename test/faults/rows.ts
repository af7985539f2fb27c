/** What the server promises under one fault: the figure that a test measures, and how far it may go. */
export interface Row {
  /** What is done to the server. */
  readonly fault: string;
  /** What is measured. */
  readonly figure: string;
  readonly unit: string;
  /** The most that holds the promise; without it, `least` says so. */
  readonly most?: number;
  readonly least?: number;
}

/** docs/reliability.md has a line for each, with what was measured last; one test of this folder measures it. */
export const rows = {} as const satisfies Readonly<Record<string, Row>>;

export type RowName = keyof typeof rows;
