import { fileURLToPath } from 'node:url';
import { suiteConfig } from '../support/suite-config.ts';

export default suiteConfig({
  include: ['test/agents/*.test.ts'],
  globalSetup: fileURLToPath(new URL('results.ts', import.meta.url)),
  // Each test mostly waits for a process to start: three use two cores.
  maxConcurrency: 3,
  testTimeout: 180_000,
});
