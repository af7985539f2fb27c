import { join } from 'node:path';
import { inject } from 'vitest';

if (!inject('isBuilt'))
  throw new Error(
    'this test runs the program: list it under `program` in vitest.config.ts, so that it is built before',
  );

/** The built executable, as users install it. */
export const executable: string = join(import.meta.dirname, '../../dist/agent-injector.js');

/** Flags of `serve`: both ports on loopback, each a free one that the log names. */
export const FREE_PORTS: readonly string[] = ['--host', '127.0.0.1', '--port', '0', '--admin-port', '0'];
