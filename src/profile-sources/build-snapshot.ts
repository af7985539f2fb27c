import { readBuiltIn } from './builtin-documents.ts';
import { freeze } from './builtin-snapshot.ts';

/** The content of `builtin.catalogue`: the build runs this module (tools/yaml-modules.js). */
export const frozen: string = freeze(readBuiltIn());
