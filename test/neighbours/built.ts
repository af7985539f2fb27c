import { homedir } from 'node:os';
import { join } from 'node:path';

/** The folder that test/neighbours/build fills. */
export const BUILT: string =
  process.env['NEIGHBOURS'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'agent-injector', 'neighbours');
