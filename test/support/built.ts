import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** The executable that the tests of commands run: what users get, not the sources. */
export const executable: string = join(root, 'dist/agent-injector.js');

/** globalSetup of vitest: a test must never pass on yesterday's build. */
export default function buildOnce(): void {
  execFileSync(process.execPath, [join(root, 'build.mjs')], { stdio: 'inherit' });
}
