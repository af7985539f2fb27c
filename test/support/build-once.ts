import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    readonly isBuilt: boolean;
  }
}

/** Builds the program before the tests: a globalSetup of vitest. */
export default function buildOnce(project: TestProject): void {
  const root = join(import.meta.dirname, '../..');
  execFileSync(process.execPath, [join(root, 'build.mjs')], { stdio: 'inherit' });
  project.provide('isBuilt', true);
}
