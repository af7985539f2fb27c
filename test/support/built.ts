import { join } from 'node:path';
import { inject } from 'vitest';

if (!inject('isBuilt'))
  throw new Error(
    'this test runs the program: list it under `program` in vitest.config.ts, so that it is built before',
  );

/** The executable that the tests of commands run: what users get, not the sources. */
export const executable: string = join(import.meta.dirname, '../../dist/agent-injector.js');
