import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cellOf, textTable } from '../support/text-table.ts';

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
    .map(({ profile, delivery, user, result, sign }) => [
      profile,
      delivery,
      user,
      result,
      cellOf(sign.split('\n', 1)[0] ?? ''),
    ])
    .toSorted((one, other) => one.join().localeCompare(other.join()));
  return textTable([['profile', 'delivery', 'user', 'result', 'sign of life'], ...rows]);
}
