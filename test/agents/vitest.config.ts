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
    // Each is a process of its own that mostly starts up: two cores are kept busy by three.
    maxConcurrency: 3,
    testTimeout: 180_000,
  },
});
