import { HOSTNAME_LABEL, OS_LABEL } from './labels.ts';
import { isObject, type Json } from '../lib/json.ts';
import type { Pod } from './pod.ts';

/** Whether the pod can be placed on a node whose label has this value: by its node selector and its required node affinity. */
export function mayRunOn(pod: Pod, label: string, value: string): boolean {
  const selected = pod.spec.nodeSelector?.[label];
  if (selected !== undefined && selected !== value) return false;
  const terms = termsOf(pod);
  return terms.length === 0 || terms.some((term) => expressionsOf(term).every((one) => agrees(one, label, value)));
}

/** Whether the pod can run on no other node: it is there already, selects it, or is a DaemonSet's pod for it (which names it by a field). */
export function isPinnedTo(pod: Pod, node: string): boolean {
  const { spec } = pod;
  if (spec['nodeName'] === node || spec.nodeSelector?.[HOSTNAME_LABEL] === node) return true;
  const terms = termsOf(pod);
  return terms.length > 0 && terms.every((term) => namesOnly(term, node));
}

function namesOnly(term: Json, node: string): boolean {
  const fields = field(term, 'matchFields');
  const named = (one: Json, key: string): boolean => {
    const values = field(one, 'values');
    const isIt = field(one, 'key') === key && field(one, 'operator') === 'In';
    return isIt && Array.isArray(values) && values.length === 1 && values[0] === node;
  };
  return (
    (Array.isArray(fields) && fields.some((one) => named(one, 'metadata.name'))) ||
    expressionsOf(term).some((one) => named(one, HOSTNAME_LABEL))
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

/** Whether a node selector requirement lets the value pass (k8s.io/api core/v1 NodeSelectorOperator). */
function agrees(expression: Json, label: string, value: string): boolean {
  if (field(expression, 'key') !== label) return true;
  const values = field(expression, 'values');
  const named = Array.isArray(values) && values.includes(value);
  const operator = field(expression, 'operator');
  if (operator === 'In') return named;
  return operator === 'NotIn' ? !named : operator !== 'DoesNotExist';
}

/**
 * The operating system of the pod: what it names by `spec.os` or by the label that selects the node, else Linux, as most are, unless its
 * node affinity rules that out. Undefined where no node would do.
 */
export function osOf(pod: Pod): string | undefined {
  const named = pod.spec.os?.['name'] ?? pod.spec.nodeSelector?.[OS_LABEL];
  if (typeof named === 'string') return named;
  return ['linux', 'windows'].find((os) => mayRunOn(pod, OS_LABEL, os));
}
