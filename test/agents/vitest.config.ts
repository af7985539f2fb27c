import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { viteYaml } from '../../tools/yaml-modules.js';

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  plugins: [viteYaml],
  define: { VERSION: JSON.stringify('0.0.0-test') },
  test: {
    include: ['test/agents/*.test.ts'],
    globalSetup: fileURLToPath(new URL('results.ts', import.meta.url)),
    // Each test mostly waits for a process to start: three use two cores.
    maxConcurrency: 3,
    testTimeout: 180_000,
  },
});
