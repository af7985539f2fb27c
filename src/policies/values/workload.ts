import type { Cel } from '../cel.ts';
import { quotedList } from '../cel.ts';
import { isObjectName } from './types.ts';
import { HASH_LABELS, STABLE_NAME_LABELS } from '../../kubernetes/owner.ts';

/** The name of the workload; empty where the pod says none. */
export const WORKLOAD: Cel = 'variables.workload';

/** The variables that find the name, in the order in which they refer to each other: `workloadNameOf` of kubernetes/owner.ts. */
export const workloadVariables: readonly (readonly [name: string, expression: Cel])[] = [
  [
    'owners',
    'has(object.metadata.ownerReferences) ? object.metadata.ownerReferences.filter(o, has(o.controller) && o.controller == true) : []',
  ],
  [
    'ownerName',
    `size(variables.owners) > 0 && ${isObjectName('variables.owners[0].name')} ? string(variables.owners[0].name) : ""`,
  ],
  [
    'stableNames',
    `${quotedList(STABLE_NAME_LABELS)}.filter(l, l in variables.podLabels && ${isObjectName('variables.podLabels[l]')}).map(l, string(variables.podLabels[l]))`,
  ],
  [
    'hashes',
    `${quotedList(HASH_LABELS)}.filter(l, l in variables.podLabels && variables.podLabels[l] != "" && variables.ownerName.endsWith("-" + variables.podLabels[l])).map(l, string(variables.podLabels[l]))`,
  ],
  [
    'ownName',
    'has(object.metadata.name) ? string(object.metadata.name) : has(object.metadata.generateName) ? (object.metadata.generateName.endsWith("-") ? object.metadata.generateName.substring(0, size(object.metadata.generateName) - 1) : string(object.metadata.generateName)) : ""',
  ],
  [
    'workload',
    'size(variables.stableNames) > 0 ? variables.stableNames[0] : ' +
      'variables.ownerName != "" ? (' +
      'size(variables.hashes) > 0 ? variables.ownerName.substring(0, size(variables.ownerName) - size(variables.hashes[0]) - 1) : ' +
      'variables.owners[0].kind == "Job" && variables.ownerName.matches("-[0-9]{8,10}$") && int(variables.ownerName.substring(variables.ownerName.lastIndexOf("-") + 1)) >= 25000000 ? variables.ownerName.substring(0, variables.ownerName.lastIndexOf("-")) : ' +
      `variables.ownerName) : (${isObjectName('variables.ownName')} ? variables.ownName : "")`,
  ],
];
