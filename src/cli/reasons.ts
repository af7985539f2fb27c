import { didYouMean, nearest } from '../lib/suggest.ts';
import { UsageError } from '../lib/usage-error.ts';
import { reasonTable } from '../reasons/reason-table.ts';
import type { CommandResult } from './command-result.ts';
import { dataOutput } from './data-output.ts';
import { formatTable, indent } from './format.ts';

export interface ReasonsOptions {
  /** Undefined: list all. */
  readonly code: string | undefined;
  readonly output: 'table' | 'json' | 'yaml';
}

/** Explains a reason code, or lists all. Throws a UsageError for an unknown one. */
export function reasons({ code, output }: ReasonsOptions): CommandResult {
  const all = Object.entries(reasonTable).map(([name, row]) => ({ code: name, ...row }));
  if (code === undefined) {
    if (output !== 'table') return { output: dataOutput(output, { reasons: all }), exitCode: 0 };
    const rows = all.map((one) => [one.code, one.kind, firstSentence(one.meaning)]);
    return { output: { kind: 'lines', lines: formatTable([['CODE', 'KIND', 'MEANING'], ...rows]) }, exitCode: 0 };
  }
  const found = all.find((one) => one.code === code);
  if (!found) {
    const suggestion = didYouMean(
      nearest(
        code,
        all.map((one) => one.code),
      ),
    );
    throw new UsageError([`reason "${code}" not found${suggestion}`]);
  }
  if (output !== 'table') return { output: dataOutput(output, found), exitCode: 0 };
  const lines = [`${found.code} (${found.kind})`, indent(found.meaning), '', 'What to do:', indent(found.hint)];
  return { output: { kind: 'lines', lines }, exitCode: 0 };
}

function firstSentence(text: string): string {
  return /^.*?\.(?= |$)/.exec(text)?.[0].slice(0, -1) ?? text;
}
