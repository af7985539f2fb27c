import { join } from 'node:path';

export const root: string = join(import.meta.dirname, '../..');
/** Where run.js puts the bench's own programs. */
export const built: string = join(root, '.bench');
export const bundle: string = join(root, 'dist/agent-injector.js');
