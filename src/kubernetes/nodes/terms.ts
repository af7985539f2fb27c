import { isObject, type Json, type JsonObject, objectIn, objectsIn, textIn } from '../../lib/json.ts';
import { matchesExpression } from '../label-selector.ts';
import { HOSTNAME_LABEL, topologyLabels } from '../labels.ts';
import type { Pod } from '../pod.ts';

/** A term of a node selector: a node matches if it meets all requirements. Of several terms, one is enough. */
export type NodeTerm = readonly JsonObject[];

/** More terms than this count as none: nothing is known. */
const MAX_TERMS = 64;

/** The terms of a PersistentVolume's `nodeAffinity`; undefined if every node can reach it. */
export function termsOfVolume(spec: JsonObject): readonly NodeTerm[] | undefined {
  const required = objectIn(objectIn(spec, 'nodeAffinity'), 'required');
  return bounded(objectsIn(required, 'nodeSelectorTerms').map((term) => objectsIn(term, 'matchExpressions')));
}

/** The terms of a StorageClass's `allowedTopologies`. */
export function termsOfClass(storageClass: JsonObject): readonly NodeTerm[] | undefined {
  const terms = objectsIn(storageClass, 'allowedTopologies');
  return bounded(
    terms.map((term) =>
      objectsIn(term, 'matchLabelExpressions').map(({ key = '', values = [] }) => ({ key, operator: 'In', values })),
    ),
  );
}

function bounded(terms: readonly NodeTerm[]): readonly NodeTerm[] | undefined {
  return terms.length === 0 || terms.length > MAX_TERMS ? undefined : terms;
}

/** The only node that these terms allow, by its hostname; undefined if there may be several. */
export function onlyNodeOf(terms: readonly NodeTerm[]): string | undefined {
  const [term = [], ...others] = terms;
  if (others.length > 0) return undefined;
  const [values] = term.filter(({ key, operator }) => key === HOSTNAME_LABEL && operator === 'In').map(valuesOf);
  const [node, ...more] = values ?? [];
  return typeof node === 'string' && more.length === 0 ? node : undefined;
}

/**
 * False if the pod certainly cannot run on any node that these terms allow: its node selector, its required node affinity or its `nodeName` exclude each.
 * Labels that only one side mentions exclude nothing.
 */
export function mayMeetTerms(pod: Pod, terms: readonly NodeTerm[]): boolean {
  const { nodeSelector } = pod.spec;
  const selected = Object.entries(nodeSelector ?? {}).map(([key, value]) => ({ key, operator: 'In', values: [value] }));
  const { nodeName } = pod.spec;
  const bound = typeof nodeName === 'string' && nodeName !== '' ? [onHost([nodeName])] : [];
  const affinity = affinityTerms(pod);
  const wanted = affinity.length === 0 ? [[]] : affinity;
  return wanted.some((own) => {
    const requirements = [...selected, ...bound, ...own];
    return terms.some((term) => term.every((requirement) => mayMeet(requirements, requirement)));
  });
}

function affinityTerms(pod: Pod): readonly NodeTerm[] {
  const affinity = isObject(pod.spec['affinity']) ? pod.spec['affinity'] : {};
  const required = objectIn(objectIn(affinity, 'nodeAffinity'), 'requiredDuringSchedulingIgnoredDuringExecution');
  return objectsIn(required, 'nodeSelectorTerms').map((term) => [
    ...objectsIn(term, 'matchExpressions'),
    // The only field is the name of the node, which its hostname is, too.
    ...objectsIn(term, 'matchFields')
      .filter(({ operator }) => operator === 'In')
      .map((field) => onHost(valuesOf(field))),
  ]);
}

function onHost(values: readonly Json[]): JsonObject {
  return { key: HOSTNAME_LABEL, operator: 'In', values: [...values] };
}

/** Of the values that the label may have there, one suits the pod. */
function mayMeet(requirements: NodeTerm, requirement: JsonObject): boolean {
  if (requirement['operator'] !== 'In') return true;
  const key = labelOf(requirement);
  const own = requirements.filter((one) => labelOf(one) === key);
  return valuesOf(requirement).some((value) =>
    own.every((one) => typeof value === 'string' && matchesExpression(one, value)),
  );
}

function labelOf(requirement: JsonObject): string {
  const key = textIn(requirement, 'key');
  return topologyLabels.get(key) ?? key;
}

function valuesOf({ values }: JsonObject): readonly Json[] {
  return Array.isArray(values) ? values : [];
}
