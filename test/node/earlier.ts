import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../support/chart.ts';

const git = (...args: readonly string[]): Buffer =>
  execFileSync('git', ['-C', root, ...args], { maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'] });

/** An earlier commit from which clusters are upgraded. */
export interface Earlier {
  readonly name: string;
  readonly commit: string;
  /** False if its chart gives the webhook configuration another name. On the way back, nothing is in that one before its replicas have written it. */
  readonly keepsName: boolean;
}

/** The first commit in which the path of the webhook has a secret. */
const SECRET_PATH: Earlier = { name: 'the first commit with a secret path', commit: 'd3d8664', keepsName: false };

export const PLAIN_PATH: Earlier = { name: 'a commit with plain paths', commit: 'a3e777e', keepsName: false };

/** The last release, or, as long as there is none, the oldest commit from which an upgrade loses no pod; and the commit before this one. */
export function earlierCommits(): readonly Earlier[] {
  const [release] = git('tag', '--list', 'v*', '--merged', 'HEAD', '--sort=-version:refname').toString().split('\n');
  const last = release ? { name: release, commit: release, keepsName: true } : SECRET_PATH;
  return [last, { name: 'the commit before this one', commit: 'HEAD^', keepsName: true }].filter(isHere);
}

/** False in a copy without the history. */
export function isHere({ commit }: Earlier): boolean {
  try {
    git('cat-file', '-e', `${commit}^{commit}`);
    return true;
  } catch {
    return false;
  }
}

/** Writes the files of a commit into a folder and builds them with the packages of this one. */
export function checkOut(commit: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  execFileSync('tar', ['-x', '-C', folder], { input: git('archive', commit) });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  execFileSync(process.execPath, ['build.mjs'], { cwd: folder, stdio: 'pipe' });
}
