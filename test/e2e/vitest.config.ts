import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { viteYaml } from '../../tools/yaml-modules.js';
import { assetsFolder } from '../support/assets.ts';
import notice from './notice.ts';

notice();

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  plugins: [viteYaml],
  define: { VERSION: JSON.stringify('0.0.0-test') },
  test: {
    // Without a control plane nothing runs; the notice has said so.
    include: assetsFolder() === undefined ? [] : ['test/e2e/**/*.test.ts'],
    passWithNoTests: true,
    globalSetup: fileURLToPath(new URL('../support/build-once.ts', import.meta.url)),
    // One file at a time: a control plane uses both cores of a CI machine.
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
