import { type Cel, firstOf, perContainer, quoted } from './cel.ts';
import { compatibilityReasons, compatibilityVariables, deliveryReasons, optInReasons } from './compatibility.ts';
import { conflictReasons, foreignTexts } from './conflicts.ts';
import {
  addedNames,
  changedNames,
  environmentReasons,
  environmentVariables,
  extensionVariables,
  type EntryContext,
  isMet,
} from './environment.ts';
import { fileReasons, neededVolumes, sharedTexts, takenPathsOf, valueReasons, volumeReasons } from './files.ts';
import { settingLookup } from './values/lookups.ts';
import { type ParameterSource, parameterReasons, parameterValues } from './values/parameters.ts';
import { containerRecords } from './record.ts';
import { selectionVariables } from './selection.ts';
import { workloadVariables } from './values/workload.ts';

type Variables = readonly (readonly [name: string, expression: Cel])[];

const mapOf = (owner: Cel, name: string): Cel => `has(${owner}.metadata.${name}) ? ${owner}.metadata.${name} : {}`;

const READ: Variables = [
  ['podAnnotations', mapOf('object', 'annotations')],
  ['podLabels', mapOf('object', 'labels')],
  ['namespaceAnnotations', mapOf('namespaceObject', 'annotations')],
  ['namespaceLabels', mapOf('namespaceObject', 'labels')],
  ['volumes', 'has(object.spec.volumes) ? object.spec.volumes : []'],
];

/** The variables of both policies, in the order in which they refer to each other. Each is evaluated once, and only if it is needed. */
export function policyVariables(context: EntryContext, source: ParameterSource): Variables {
  const { profile, delivery } = context;
  const { catalogue } = source;
  const metObject = (index: number): Cel => isMet(context, profile.objects[index]?.when);
  const early = [
    ['variables.chosen[i] == "" || !variables.selected[i]', '"-"'] as const,
    ['variables.chosen[i] == "others"', '"beyond-policy: the setting profile names other agents, too"'] as const,
    ...compatibilityReasons(profile, catalogue),
    ...parameterReasons(profile),
  ];
  const asked = settingLookup(catalogue, ['delivery']);
  const late = [
    ...conflictReasons(context, catalogue),
    [
      `[${asked}].exists(d, size(d) > 0 && d[0] != ${quoted(delivery.name)})`,
      '"beyond-policy: another delivery is asked for"',
    ] as const,
    ...deliveryReasons(profile, delivery, metObject),
    ...valueReasons(context),
    ...volumeReasons(context),
    ...fileReasons(context),
    ...environmentReasons(context),
    [
      'size(variables.added[i]) == 0 && size(variables.needed[i]) == 0 && size(variables.changed[i]) == 0',
      '"beyond-policy: there is nothing to add"',
    ] as const,
  ];
  return [
    ...READ,
    ...workloadVariables,
    ...environmentVariables(catalogue),
    ['taken', perContainer(takenPathsOf())],
    ...selectionVariables(profile, catalogue),
    ...compatibilityVariables(catalogue),
    ['pod', firstOf(optInReasons(catalogue), '""')],
    ['parameters', parameterValues(source)],
    ['early', perContainer(`variables.pod != "" ? "-" : ${firstOf(early, '""')}`)],
    ['reached', perContainer('variables.early[i] == ""')],
    ...extensionVariables(context),
    ['added', perContainer(`variables.reached[i] ? (${addedNames(context)}) : []`)],
    ['changed', perContainer(`variables.reached[i] ? (${changedNames(context)}) : []`)],
    ['foreignTexts', foreignTexts(context, catalogue)],
    ['needed', perContainer(`variables.reached[i] ? (${neededVolumes(context)}) : []`)],
    ['reasons', perContainer(`variables.early[i] != "" ? variables.early[i] : ${firstOf(late, '""')}`)],
    ['injected', 'variables.reasons.exists(r, r == "")'],
    ['first', 'variables.reasons.indexOf("")'],
    ['shared', perContainer(`variables.reasons[i] == "" ? [${sharedTexts(context)}] : []`)],
    ['records', containerRecords(context, { addedNames: 'variables.added[i]', changedNames: 'variables.changed[i]' })],
    ['beyond', beyond],
    ['why', firstOf(WHY, '""')],
  ];
}

const ANNOTATIONS_LIMIT = 240 * 1024;

/** What keeps the policy from doing what the webhook would, for the pod as a whole. */
const beyond: Cel = firstOf(
  [
    [
      'variables.reasons.exists(r, r.startsWith("beyond-policy"))',
      'variables.reasons.filter(r, r.startsWith("beyond-policy"))[0]',
    ],
    ['!variables.injected', '""'],
    ['size(variables.shared.flatten().distinct()) > 1', '"beyond-policy: containers have different volumes"'],
    [
      'size(variables.records) > 20 || variables.records.map(r, size(r)).sum() > 6000',
      '"beyond-policy: the record would not have room for all containers"',
    ],
    [
      `variables.podAnnotations.map(k, size(bytes(k)) + size(bytes(variables.podAnnotations[k]))).sum() > ${ANNOTATIONS_LIMIT}`,
      '"beyond-policy: the annotations of the pod are too long"',
    ],
  ],
  '""',
);

const WHY = [
  ['variables.pod != ""', 'variables.pod'],
  ['variables.beyond != ""', 'variables.beyond'],
  ['variables.injected', '""'],
  [
    '!variables.selected.exists(s, s) && (variables.isNamed || variables.chosen.exists(w, w != ""))',
    '"no-target-container"',
  ],
  ['variables.reasons.exists(r, r != "-")', 'variables.reasons.filter(r, r != "-")[0]'],
] as const;
