import { fileURLToPath } from 'node:url';
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { viteYaml } from '../../tools/yaml-modules.js';

type TestOptions = Required<ViteUserConfig>['test'];

/** The configuration of a suite that `npm test` does not run. */
export function suiteConfig(test: TestOptions): ViteUserConfig {
  return defineConfig({
    root: fileURLToPath(new URL('../..', import.meta.url)),
    plugins: [viteYaml],
    define: { VERSION: JSON.stringify('0.0.0-test') },
    test,
  });
}

/** Of a suite whose files start servers or clusters that use the whole machine: one file at a time, with the program built before. */
export function oneFileAtATime(timeoutMs: number): TestOptions {
  return filesAtATime(1, timeoutMs);
}

/** Of a suite whose files start servers or clusters: some files at a time, with the program built before. */
export function filesAtATime(files: number, timeoutMs: number): TestOptions {
  return {
    globalSetup: fileURLToPath(new URL('build-once.ts', import.meta.url)),
    pool: 'forks',
    maxWorkers: files,
    fileParallelism: files > 1,
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
  };
}
