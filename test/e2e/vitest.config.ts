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
    // With no control plane to be had there is nothing to run, and the notice has said so.
    include: assetsFolder() === undefined ? [] : ['test/e2e/**/*.test.ts'],
    passWithNoTests: true,
    globalSetup: fileURLToPath(new URL('../support/build-once.ts', import.meta.url)),
    // One file after the other: a control plane wants both cores of a CI machine.
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
