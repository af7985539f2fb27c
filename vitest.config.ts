import { defineConfig } from 'vitest/config';
import { vitePageFiles } from './tools/page-files.js';
import { viteYaml } from './tools/yaml-modules.js';

/** Tests that run the built program. Only these wait for a build (test/support/built.ts refuses to be imported by others). */
const program = [
  'test/cli/**/*.test.ts',
  'test/deploy/{image,sbom}.test.ts',
  'test/docs/{add-your-own-agent,explain}.test.ts',
  'test/scenarios/{canary,hostile-names,hostile-reviews,kubectl-plugin,profiles-directory,start}.test.ts',
  'test/server/{cluster-watches,serve}.test.ts',
];
/** Suites with a configuration of their own: npm run e2e, e2e:neighbours, e2e:faults, e2e:agents, e2e:node, e2e:page. */
const otherSuites = [
  'test/e2e/**',
  'test/neighbours/**',
  'test/faults/**',
  'test/agents/*-run.test.ts',
  'test/node/**',
  'test/browser/**',
];

/** Counting coverage makes some code three times as slow. */
const slowness = process.argv.includes('--coverage') ? 3 : 1;

export default defineConfig({
  plugins: [viteYaml, vitePageFiles],
  define: { VERSION: JSON.stringify('0.0.0-test') },
  test: {
    globalSetup: ['test/e2e/notice.ts', 'test/deploy/notice.ts'],
    // Of the unit tests alone; the suites that run the built program are not counted. A little below what there is, so that it can only grow.
    coverage: {
      include: ['src/**/*.ts'],
      reporter: ['text-summary'],
      thresholds: { statements: 84, branches: 77, functions: 83, lines: 85 },
    },
    testTimeout: 30_000 * slowness,
    env: { CPU_FACTOR: String(slowness) },
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: [...otherSuites, ...program] } },
      {
        extends: true,
        test: { name: 'program', include: program, globalSetup: ['test/support/build-once.ts'] },
      },
    ],
  },
});
