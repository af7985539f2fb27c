import { STATUS_ANNOTATION } from '../../api/keys.ts';
import { oneLine } from '../../lib/text.ts';
import { mayColour } from '../../config/user-environment.ts';
import type { CommandOutput } from '../command-result.ts';

/** A stream, as far as what is shown depends on it. */
interface Sink {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const RESET = '\u001b[0m';

/** Marks at the start of a line, in the order of their meaning: passed, failed, to look at, added, removed, changed. */
const COLOURS: readonly (readonly [start: RegExp, colour: string])[] = [
  [/^\s*✓/, '\u001b[32m'],
  [/^\s*✗/, '\u001b[31m'],
  [/^\s*!(?= )/, '\u001b[33m'],
  [/^\s*\+(?!\+\+)/, '\u001b[32m'],
  [/^\s*-(?!-)/, '\u001b[31m'],
  [/^\s*~ /, '\u001b[33m'],
];

/**
 * Text as a person reads it on a terminal: with colours, unless the environment says otherwise, and with the status annotation, which is for programs and
 * several lines long, on one.
 */
export function forTerminal(
  text: string,
  kind: CommandOutput['kind'],
  { isTTY = false, columns = Infinity }: Sink,
  mayBeColoured: () => boolean = mayColour,
): string {
  if ((kind !== 'lines' && kind !== 'diff') || !isTTY) return text;
  // Some terminals say 0.
  const width = columns || Infinity;
  const lines = text.split('\n').map((line) => (line.includes(`${STATUS_ANNOTATION}: `) ? oneLine(line, width) : line));
  return (mayBeColoured() ? lines.map((line) => coloured(line, kind)) : lines).join('\n');
}

/** The mark alone of a check, the whole line of a difference. */
function coloured(line: string, kind: 'lines' | 'diff'): string {
  // A line that a diff does not change may be an item of a list.
  const found = kind === 'diff' && /^\s/.test(line) ? undefined : COLOURS.find(([start]) => start.test(line));
  if (!found) return line;
  const [start, colour] = found;
  if (/[+~-]/.test(start.exec(line)?.[0] ?? '')) return `${colour}${line}${RESET}`;
  return line.replace(start, (mark) => `${colour}${mark}${RESET}`);
}
