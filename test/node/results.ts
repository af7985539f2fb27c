import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What was seen of one pod. */
export interface Result {
  readonly profile: string;
  readonly delivery: string;
  /** The user of the container: `root`, or a number. */
  readonly user: string;
  readonly result: 'pass' | 'fail' | 'known failure' | 'not run';
  /** The sign of life, the error, or why it did not run. */
  readonly sign: string;
}

const folder = join(import.meta.dirname, '..', '..', '.e2e');
const file = join(folder, 'node.jsonl');
const MAX_SIGN_LENGTH = 100;

export function record(result: Result): void {
  mkdirSync(folder, { recursive: true });
  appendFileSync(file, `${JSON.stringify(result)}\n`);
}

/** Records how a check of a pod ends. Its value is the sign of life. */
export async function recorded(row: Omit<Result, 'result' | 'sign'>, check: () => Promise<string>): Promise<void> {
  try {
    record({ ...row, result: 'pass', sign: await check() });
  } catch (error) {
    record({ ...row, result: 'fail', sign: error instanceof Error ? error.message : String(error) });
    throw error;
  }
}

/** Prints a table of the results at the end: a globalSetup of vitest. */
export default function setup(): () => void {
  rmSync(file, { force: true });
  return () => {
    if (!existsSync(file)) return;
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    const text = table(lines.map((line) => JSON.parse(line) as Result));
    writeFileSync(join(folder, 'node.txt'), `${text}\n`);
    console.log(text);
  };
}

function table(results: readonly Result[]): string {
  const rows = results
    .map(({ profile, delivery, user, result, sign }) => [profile, delivery, user, result, printable(sign)])
    .toSorted((one, other) => one.join().localeCompare(other.join()));
  const all = [['profile', 'delivery', 'user', 'result', 'sign of life'], ...rows];
  const widths = all.reduce((most, row) => row.map((cell, at) => Math.max(most[at] ?? 0, cell.length)), [0]);
  return all
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function printable(sign: string): string {
  const text =
    sign
      .split('\n', 1)[0]
      ?.replaceAll(/[^\x20-\x7e]+/g, '.')
      .trim() ?? '';
  return text.length > MAX_SIGN_LENGTH ? `${text.slice(0, MAX_SIGN_LENGTH)}…` : text;
}
