import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RUNTIMES } from './table.ts';
import { cellOf, textTable } from '../support/text-table.ts';
import { runtimes } from './runtimes.ts';

/** The result of one agent with one source of the author's own value. */
export interface Result {
  readonly profile: string;
  readonly version: string;
  /** A replacement of a part that the vendor does not publish. */
  readonly standIn?: string | undefined;
  readonly runtime: string;
  readonly way: string;
  /** The observed evidence of the agent, or the error. */
  readonly sign: string;
  readonly ok: boolean;
}

const folder = join(import.meta.dirname, '..', '..', '.e2e');

/** One Result per line. */
export const resultsFile: string = join(folder, 'agents.jsonl');

/** Prints missing runtimes, and a table of the results at the end: a globalSetup of vitest. */
export default function setup(): () => void {
  rmSync(resultsFile, { force: true });
  for (const name of RUNTIMES) {
    const found = runtimes.get(name);
    if (found && !found.ok) console.log(`e2e:agents: agents for ${name} do not run: ${found.missing}`);
  }
  return () => {
    if (!existsSync(resultsFile)) return;
    const lines = readFileSync(resultsFile, 'utf8').trim().split('\n');
    // Written by the tests of this run.
    const results = lines.map((line) => JSON.parse(line) as Result);
    const text = [table(results), ...standIns(results)].join('\n');
    mkdirSync(dirname(resultsFile), { recursive: true });
    writeFileSync(join(folder, 'agents.txt'), `${text}\n`);
    console.log(text);
  };
}

function table(results: readonly Result[]): string {
  const rows = results
    .toSorted((one, other) => one.profile.localeCompare(other.profile))
    .map(({ profile, version, runtime, way, sign, ok }) => [
      profile,
      version,
      runtime,
      way,
      ok ? 'pass' : 'FAIL',
      cellOf(sign),
    ]);
  return textTable([['agent', 'version', 'runtime', 'own value from', '', 'evidence'], ...rows]);
}

/** Lines below the table, one for each agent. */
function standIns(results: readonly Result[]): readonly string[] {
  const lines = results.flatMap(({ profile, standIn }) => (standIn === undefined ? [] : [`${profile}: ${standIn}`]));
  return lines.length === 0 ? [] : ['', "not the vendor's own:", ...new Set(lines)];
}
