import { join } from 'node:path';

export const root: string = join(import.meta.dirname, '../..');
/** The folder of the programs that run.js builds. */
export const built: string = join(root, '.bench');
export const bundle: string = join(root, 'dist/agent-injector.js');
