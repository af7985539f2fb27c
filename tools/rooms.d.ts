/** A folder of src/. */
export interface Room {
  readonly name: string;
  /** Without I/O, clock, timer or process. */
  readonly pure: boolean;
  /** The current time is passed in: the room does not use Date. */
  readonly timeIsAnArgument?: true;
  /** What it holds, in one line of Markdown. */
  readonly holds: string;
}
export const rooms: readonly Room[];
export function lintOverrides(): readonly object[];

export const purePackages: readonly string[];
export function lintOverrides(): readonly object[];
