import { HOSTNAME_LABEL, nodeLabels, type NodeFact, OS_LABEL } from './labels.ts';
import { isObject, type Json, textIn } from '../lib/json.ts';
import { matchesExpression } from './label-selector.ts';
import { type Container, imageNameOf, type Pod, windowsOptionsOf } from './pod.ts';

/** Checks node selector and required node affinity: can the pod run on a node of this operating system or CPU architecture? */
export function mayRunOn(pod: Pod, fact: NodeFact, value: string): boolean {
  const { nodeSelector } = pod.spec;
  const selected = Object.keys(nodeSelector ?? {}).map((key) => ({
    key,
    operator: 'In',
    values: [nodeSelector?.[key] ?? ''],
  }));
  if (!selected.every((requirement) => matches(requirement, fact, value))) return false;
  const terms = termsOf(pod);
  return (
    terms.length === 0 ||
    terms.some((term) => expressionsOf(term).every((requirement) => matches(requirement, fact, value)))
  );
}

/** True if the pod can run only on this node: it is bound to the node, selects it, or belongs to a DaemonSet (which selects it by a field). */
export function isPinnedTo(pod: Pod, node: string): boolean {
  const { spec } = pod;
  if (spec['nodeName'] === node || spec.nodeSelector?.[HOSTNAME_LABEL] === node) return true;
  const terms = termsOf(pod);
  return terms.length > 0 && terms.every((term) => selectsOnly(term, node));
}

/** True if the pod can run only on one node, whichever that is. */
export function isPinned(pod: Pod): boolean {
  const { spec } = pod;
  const nodes = [
    spec['nodeName'],
    spec.nodeSelector?.[HOSTNAME_LABEL],
    ...termsOf(pod).slice(0, 1).flatMap(namedNodes),
  ];
  return nodes.some((node) => typeof node === 'string' && node !== '' && isPinnedTo(pod, node));
}

function namedNodes(term: Json): readonly Json[] {
  const fields = field(term, 'matchFields');
  const requirements = [...(Array.isArray(fields) ? fields : []), ...expressionsOf(term)];
  return requirements.flatMap((requirement) => {
    const values = field(requirement, 'values');
    return Array.isArray(values) ? values.slice(0, 1) : [];
  });
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

/** True if a node with this fact can meet the requirement. Other labels than those in the table say nothing about the fact. */
function matches(requirement: Json, fact: NodeFact, value: string): boolean {
  if (!isObject(requirement)) return true;
  const label = nodeLabels.find(({ key, says }) => key === requirement['key'] && says === fact);
  if (!label) return true;
  if (label.valueOf === 'itself') return matchesExpression(requirement, value);
  const { valueOf } = label;
  const listed = Array.isArray(requirement['values']) ? requirement['values'] : [];
  const isOnNode = label.onlyOn === undefined || label.onlyOn === value;
  switch (textIn(requirement, 'operator')) {
    case 'In':
      return isOnNode && listed.some((text) => typeof text === 'string' && valueOf(text) === value);
    case 'DoesNotExist':
      return label.onlyOn !== value;
    case 'NotIn':
      return true;
    default:
      return isOnNode;
  }
}

const WINDOWS_IMAGE = /(?:^|[^a-z])(?:windowsservercore|nanoserver|ltsc20\d\d)(?:[^a-z]|$)/;

/**
 * The operating system of the pod: from `spec.os`, the node selector and the required node affinity, else from what only Windows pods have
 * (`windowsOptions`, the name of the container's image), else Linux. Undefined if no node can run the pod.
 */
export function osOf(pod: Pod, container?: Container): string | undefined {
  const named = pod.spec.os?.['name'] ?? pod.spec.nodeSelector?.[OS_LABEL];
  if (typeof named === 'string') return named;
  const possible = ['linux', 'windows'].filter((os) => mayRunOn(pod, 'os', os));
  if (possible.length < 2) return possible[0];
  const isWindows =
    windowsOptionsOf(pod.spec) !== undefined || (container !== undefined && isWindowsContainer(container));
  return isWindows ? 'windows' : 'linux';
}

export function isWindowsImage(container: Container): boolean {
  return WINDOWS_IMAGE.test(imageNameOf(container).toLowerCase());
}

function isWindowsContainer(container: Container): boolean {
  return windowsOptionsOf(container) !== undefined || isWindowsImage(container);
}
