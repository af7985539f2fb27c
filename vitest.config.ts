import { defineConfig } from 'vitest/config';
import { viteYaml } from './tools/yaml-modules.js';

export default defineConfig({
  plugins: [viteYaml],
  define: { VERSION: JSON.stringify('0.0.0-test') },
  test: {
    include: ['test/**/*.test.ts'],
    // What runs real agents needs their files: npm run e2e:agents.
    exclude: ['test/e2e/**', 'test/faults/**', 'test/agents/*-run.test.ts'],
    globalSetup: ['test/support/built.ts', 'test/e2e/notice.ts', 'test/deploy/notice.ts'],
    testTimeout: 30_000,
    coverage: { include: ['src/**/*.ts'] },
  },
});
