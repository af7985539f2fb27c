import { createTwoFilesPatch } from 'diff';
import { printableLine } from '../lib/printable.ts';
import type { CommandOutput } from './command-result.ts';

export interface ChangedFile {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

/** Changed files, byte for byte as their authors wrote what is unchanged, as one stream of documents; or, for people, their differences. */
export function manifestOutput(
  { diff }: { readonly diff?: boolean | undefined },
  what: string,
  files: readonly ChangedFile[],
): CommandOutput {
  if (diff === true) return { kind: 'diff', lines: files.flatMap((file) => difference(file, what)) };
  return { kind: 'document', text: files.map(({ after }) => after).reduce(joined) };
}

/** A file ends with its document: what follows needs a separator of its own. */
function joined(before: string, file: string): string {
  const next = file.replace(/^\uFEFF/, '');
  const end = before === '' || before.endsWith('\n') ? '' : '\n';
  return `${before}${end}${separatorBefore(next)}${next}`;
}

function separatorBefore(text: string): string {
  if (text.startsWith('---')) return '';
  return text.startsWith('%') ? '...\n' : '---\n';
}

function difference({ name, before, after }: ChangedFile, what: string): readonly string[] {
  if (before === after) return [];
  const file = printableLine(name);
  const patch = createTwoFilesPatch(file, `${file} (${what})`, before, after, '', '');
  return patch.replace(/\n$/, '').split('\n');
}
