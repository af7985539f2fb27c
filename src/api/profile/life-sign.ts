import type { LifeSign } from './signs-of-life.ts';
import { dispatchMember, type MemberTable } from '../../lib/dispatch.ts';
import { matchesGlob } from '../../lib/glob.ts';

const texts: MemberTable<LifeSign, string> = {
  log: ({ contains }) => `the log has a line with ${quoted(contains)}`,
  file: (path) => `there is ${path}`,
  port: (port) => `a process listens on port ${port}`,
  library: ({ contains }) => `a process has loaded ${quoted(contains)}`,
};

/** A sign in words. */
export function lifeSignText(sign: LifeSign): string {
  return dispatchMember(texts, sign);
}

function quoted(contains: string | readonly string[]): string {
  return textsOf(contains)
    .map((text) => JSON.stringify(text))
    .join(' and ');
}

function textsOf(contains: string | readonly string[]): readonly string[] {
  return typeof contains === 'string' ? [contains] : contains;
}

/** The first line that contains all texts. Its time is the length of the lines times the number of texts. */
export function lineWith(contains: string | readonly string[], lines: Iterable<string>): string | undefined {
  const all = textsOf(contains);
  for (const line of lines) if (all.every((text) => line.includes(text))) return line;
  return undefined;
}

/** The directory of a file sign, and what its last part matches. */
export function directoryOf(path: string): { readonly directory: string; readonly pattern: string } {
  const at = path.lastIndexOf('/');
  return { directory: at === 0 ? '/' : path.slice(0, at), pattern: path.slice(at + 1) };
}

/** The longest name of a file. */
const MAX_NAME_LENGTH = 255;

export function fileIn(pattern: string, names: readonly string[]): string | undefined {
  return names.find((name) => matchesGlob(pattern, name, MAX_NAME_LENGTH));
}
