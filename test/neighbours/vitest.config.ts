import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { viteYaml } from '../../tools/yaml-modules.js';
import notice from '../e2e/notice.ts';
import { assetsFolder } from '../support/assets.ts';

notice();

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  plugins: [viteYaml],
  define: { VERSION: JSON.stringify('0.0.0-test') },
  test: {
    include: assetsFolder() === undefined ? [] : ['test/neighbours/*.test.ts'],
    passWithNoTests: true,
    globalSetup: fileURLToPath(new URL('../support/build-once.ts', import.meta.url)),
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
});
