import { printableJson, printableLine, printableText } from '../../lib/printable.ts';
import type { CommandOutput } from '../command-result.ts';

/** The text for standard output. */
export function outputText(output: CommandOutput): string {
  switch (output.kind) {
    case 'lines':
    case 'diff':
      return linesText(output.lines);
    case 'json':
      return `${printableJson(JSON.stringify(output.value, null, 2))}\n`;
    case 'document':
      return output.text;
  }
}

/** Lines for people, each of which stays one line. */
export function linesText(lines: readonly string[]): string {
  return lines.map((line) => `${printableLine(line)}\n`).join('');
}

/** For commander, whose messages quote arguments. */
export const commanderOutput = {
  writeOut: (text: string): void => void process.stdout.write(printableText(text)),
  writeErr: (text: string): void => void process.stderr.write(printableText(text)),
};
