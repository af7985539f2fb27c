import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { viteYaml } from '../../tools/yaml-modules.js';
import { isRequired, whyNoNode } from '../support/node/places.ts';

const why = whyNoNode();
if (why !== undefined) {
  if (isRequired) throw new Error(`e2e:node: this machine must run containers: ${why}`);
  console.log(`e2e:node: not run, this machine cannot run containers: ${why}`);
}

const local = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: local('../..'),
  plugins: [viteYaml],
  define: { VERSION: JSON.stringify('0.0.0-test') },
  test: {
    include: why === undefined ? ['test/node/**/*.test.ts'] : [],
    passWithNoTests: true,
    globalSetup: [local('../support/build-once.ts'), local('results.ts')],
    // A machine has one node at a time.
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    // Pods start beside each other; the kubelet and the runtime take most of two cores.
    maxConcurrency: 6,
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
});
