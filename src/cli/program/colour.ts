import { mayColour } from '../../config/config.ts';
import type { CommandOutput } from '../command-result.ts';

/** A stream, as far as colour depends on it. */
interface Sink {
  readonly isTTY?: boolean;
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

/** Text with colours where a person reads it: on a terminal, unless the environment says otherwise. */
export function forTerminal(
  text: string,
  kind: CommandOutput['kind'],
  { isTTY = false }: Sink,
  mayBeColoured: () => boolean = mayColour,
): string {
  return kind === 'lines' && isTTY && mayBeColoured() ? text.split('\n').map(coloured).join('\n') : text;
}

/** The mark alone of a check, the whole line of a difference. */
function coloured(line: string): string {
  const found = COLOURS.find(([start]) => start.test(line));
  if (!found) return line;
  const [start, colour] = found;
  if (/[+~-]/.test(start.exec(line)?.[0] ?? '')) return `${colour}${line}${RESET}`;
  return line.replace(start, (mark) => `${colour}${mark}${RESET}`);
}
