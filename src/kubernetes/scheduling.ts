import { HOSTNAME_LABEL, OS_LABEL } from './labels.ts';
import { isObject, type Json } from '../lib/json.ts';
import { matchesExpression } from './label-selector.ts';
import type { Pod } from './pod.ts';

/** Checks node selector and required node affinity: can the pod run on a node whose label has this value? */
export function mayRunOn(pod: Pod, label: string, value: string): boolean {
  const selected = pod.spec.nodeSelector?.[label];
  if (selected !== undefined && selected !== value) return false;
  const terms = termsOf(pod);
  return (
    terms.length === 0 ||
    terms.some((term) => expressionsOf(term).every((expression) => matches(expression, label, value)))
  );
}

/** True if the pod can run only on this node: it is bound to the node, selects it, or belongs to a DaemonSet (which selects it by a field). */
export function isPinnedTo(pod: Pod, node: string): boolean {
  const { spec } = pod;
  if (spec['nodeName'] === node || spec.nodeSelector?.[HOSTNAME_LABEL] === node) return true;
  const terms = termsOf(pod);
  return terms.length > 0 && terms.every((term) => selectsOnly(term, node));
}

function selectsOnly(term: Json, node: string): boolean {
  const fields = field(term, 'matchFields');
  const selects = (requirement: Json, key: string): boolean => {
    const values = field(requirement, 'values');
    const isKey = field(requirement, 'key') === key && field(requirement, 'operator') === 'In';
    return isKey && Array.isArray(values) && values.length === 1 && values[0] === node;
  };
  return (
    (Array.isArray(fields) && fields.some((requirement) => selects(requirement, 'metadata.name'))) ||
    expressionsOf(term).some((requirement) => selects(requirement, HOSTNAME_LABEL))
  );
}

function field(value: Json | undefined, name: string): Json | undefined {
  return isObject(value) ? value[name] : undefined;
}

function termsOf(pod: Pod): readonly Json[] {
  const affinity = field(pod.spec['affinity'], 'nodeAffinity');
  const terms = field(field(affinity, 'requiredDuringSchedulingIgnoredDuringExecution'), 'nodeSelectorTerms');
  return Array.isArray(terms) ? terms : [];
}

function expressionsOf(term: Json): readonly Json[] {
  const expressions = field(term, 'matchExpressions');
  return Array.isArray(expressions) ? expressions : [];
}

function matches(expression: Json, label: string, value: string): boolean {
  return !isObject(expression) || expression['key'] !== label || matchesExpression(expression, value);
}

/**
 * The operating system of the pod: from `spec.os` or the node selector, otherwise Linux unless its node affinity excludes that. Undefined if
 * no node can run the pod.
 */
export function osOf(pod: Pod): string | undefined {
  const named = pod.spec.os?.['name'] ?? pod.spec.nodeSelector?.[OS_LABEL];
  if (typeof named === 'string') return named;
  return ['linux', 'windows'].find((os) => mayRunOn(pod, OS_LABEL, os));
}
