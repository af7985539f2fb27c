import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { assetsFolder } from '../support/assets.ts';

/** Builds dist/agent-injector.js before the tests run it: what was built before may be of another time. A globalSetup of vitest. */
export default function build(): void {
  if (assetsFolder() === undefined) return;
  const root = fileURLToPath(new URL('../..', import.meta.url));
  execFileSync(process.execPath, ['build.mjs'], { cwd: root, stdio: 'inherit' });
}
