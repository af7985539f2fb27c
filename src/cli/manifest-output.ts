import { createTwoFilesPatch } from 'diff';
import { printableLine } from '../lib/printable.ts';
import type { CommandOutput } from './command-result.ts';

/** A changed file, byte for byte as its author wrote what is unchanged; or, for people, its difference. */
export function manifestOutput(
  { diff }: { readonly diff?: boolean | undefined },
  { name, what }: { readonly name: string; readonly what: string },
  before: string,
  after: string,
): CommandOutput {
  if (diff !== true) return { kind: 'document', text: after };
  const file = printableLine(name);
  const patch = createTwoFilesPatch(file, `${file} (${what})`, before, after, '', '');
  return { kind: 'lines', lines: patch.replace(/\n$/, '').split('\n') };
}
