import { access, chmod, constants, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { UsageError } from '../lib/usage-error.ts';
import { type ConvertedText, convertText } from '../manifests/convert/convert.ts';
import { displayName, fileError, isAddress } from '../manifests/file.ts';
import { readManifests } from '../manifests/sources.ts';
import { counted } from './format.ts';
import type { CommandResult } from './command-result.ts';
import { manifestOutput } from './manifest-output.ts';

export interface ConvertOptions {
  /** Files, directories, or `-` for standard input. */
  readonly files: readonly string[];
  readonly recursive?: boolean | undefined;
  /** Prints what would change, and writes nothing. */
  readonly diff?: boolean | undefined;
}

interface Converted extends ConvertedText {
  readonly file: string;
  readonly before: string;
}

/** Rewrites the earlier words of profiles where they stand. Throws a UsageError for files that cannot be read, parsed or written. */
export async function convert(options: ConvertOptions): Promise<CommandResult> {
  const { files, diff = false } = options;
  const addresses = files.filter(isAddress);
  if (addresses.length > 0)
    throw new UsageError(addresses.map((file) => `${file}: only files can be rewritten: download it first`));
  const sources = await readManifests(files, options);
  const results = sources.map(({ file, manifest: { text: before } }) => ({ file, before, ...convertText(before) }));
  if (!diff) await Promise.all(results.map(write));
  const printed = results.filter(({ file }) => diff || file === '-');
  return {
    output:
      printed.length === 0
        ? { kind: 'lines', lines: [] }
        : manifestOutput(
            options,
            'converted',
            printed.map(({ file, before, text }) => ({ name: displayName(file), before, after: text })),
          ),
    messages: [...results.flatMap(remarksOn), summaryOf(results, diff)],
    exitCode: results.some(({ problems }) => problems.length > 0) || results.every(isWithoutProfile) ? 1 : 0,
  };
}

async function write({ file, before, text }: Converted): Promise<void> {
  if (file === '-' || text === before) return;
  try {
    await replaceFile(file, text);
  } catch (error) {
    throw new UsageError([fileError(file, error)]);
  }
}

/** A disk that is full, or the end of the process, leaves the file as it was. */
async function replaceFile(file: string, text: string): Promise<void> {
  // Through a link: the file that it names is replaced.
  const path = await realpath(file);
  const { mode } = await stat(path);
  await access(path, constants.W_OK);
  const draft = `${path}.${process.pid}.convert`;
  try {
    await writeFile(draft, text, { flag: 'wx' });
    await chmod(draft, mode);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    if (!isFixed(error)) throw error;
    await writeFile(path, text);
  }
}

/** A directory that cannot be written to, or a file that is mounted, can only be written over. */
function isFixed(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && ['EACCES', 'EPERM', 'EROFS', 'EBUSY'].includes(String(error.code))
  );
}

function isWithoutProfile({ profiles }: Converted): boolean {
  return profiles === 0;
}

function remarksOn({ file, changes, problems }: Converted): readonly string[] {
  const remarks = [
    ...changes,
    ...problems.map(({ message, ...place }) => ({ ...place, message: `left as it is: ${message}` })),
  ];
  return remarks
    .toSorted((one, other) => one.line - other.line || one.column - other.column)
    .map(({ line, column, message }) => `${displayName(file)}:${line}:${column}: ${message}`);
}

function summaryOf(results: readonly Converted[], diff: boolean): string {
  const sum = (numberOf: (one: Converted) => number): number => results.reduce((all, one) => all + numberOf(one), 0);
  const profiles = sum((one) => one.profiles);
  if (profiles === 0) return 'no AgentProfile found';
  const changes = sum((one) => one.changes.length);
  const problems = sum((one) => one.problems.length);
  const left = problems === 0 ? '' : `, ${problems} left as they are`;
  return `${counted(profiles, 'profile')}: ${changes === 0 ? 'nothing to change' : counted(changes, 'change')}${left}${diff && changes > 0 ? ' (nothing is written)' : ''}`;
}
