/** Languages for which `new` has a profile to start from. */
export const languages = ['java', 'dotnet', 'nodejs', 'python', 'php'] as const;

export type Language = (typeof languages)[number];

export const shells = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof shells)[number];

/** The hidden command that the completion scripts call. It prints one candidate a line, with a tab before what it is, or `:files` or `:directories`. */
export const COMPLETE = '__complete';
