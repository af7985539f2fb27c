import { readBuiltIn } from './documents.ts';
import { freeze } from './frozen-catalogue.ts';

/** What `built-in.catalogue` is: the build runs this (tools/yaml-modules.js). */
export const frozen: string = freeze(readBuiltIn());
