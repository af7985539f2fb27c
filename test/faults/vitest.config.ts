import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { viteYaml } from '../../tools/yaml-modules.js';

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  plugins: [viteYaml],
  define: { VERSION: JSON.stringify('0.0.0-test') },
  test: {
    include: ['test/faults/**/*.test.ts'],
    globalSetup: fileURLToPath(new URL('../support/build-once.ts', import.meta.url)),
    // One file at a time: each measures under load of the whole machine.
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
