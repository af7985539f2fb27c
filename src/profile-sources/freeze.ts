import { readBuiltIn } from './builtin-documents.ts';
import { freeze } from './builtin-snapshot.ts';

/** What `built-in.catalogue` is: the build runs this (tools/yaml-modules.js). */
export const frozen: string = freeze(readBuiltIn());
