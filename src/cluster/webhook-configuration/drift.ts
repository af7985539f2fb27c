import { INJECTION_LABEL, REQUIRED } from '../../api/keys.ts';
import { MUTATE_PATH, parseWebhookPath, REQUIRED_PATH } from '../../api/paths.ts';
import { selectsOptOuts } from '../../diagnostics/webhook-match.ts';
import { NAMESPACE_NAME_LABEL } from '../../kubernetes/labels.ts';
import { isObject, type Json, type JsonObject, objectIn, objectsIn, textIn } from '../../lib/json.ts';

/** A field that differs from what this server needs. It is reported and not changed: the difference may be intended. */
export interface Drift {
  readonly entry: string;
  readonly field: DriftField;
  /** The correct value, as words that follow "should". */
  readonly expected: string;
}

export type DriftField = keyof typeof checks;

export interface Service {
  readonly name: string;
  readonly namespace: string;
  /** True if this server writes the path of an entry that has none. */
  readonly writesPaths?: boolean;
}

type Check = (entry: JsonObject, service: Service) => string | undefined;

/** Checks by field: each returns what the field should be, or undefined if it is correct. The keys are label values of the metric. */
const checks = {
  clientConfig: (entry, { name, namespace, writesPaths = false }) => {
    const { service } = objectIn(entry, 'clientConfig');
    // A URL cannot be checked: it may lead to this server by any way.
    if (!isObject(service)) return undefined;
    const required = selectsRequired(entry);
    const path = textIn(service, 'path');
    const isRight = path === '' ? writesPaths : parseWebhookPath(path)?.required === required;
    if (isRight && service['name'] === name && service['namespace'] === namespace) return undefined;
    return `call ${required ? REQUIRED_PATH : MUTATE_PATH} of Service ${name} in namespace ${namespace}`;
  },
  rules: (entry) => {
    const rules = items(entry['rules']);
    const [rule] = objectsIn(entry, 'rules');
    const isRight = rules.length === 1 && isOnly(rule?.['operations'], 'CREATE') && isOnly(rule?.['resources'], 'pods');
    return isRight ? undefined : 'match only CREATE of pods';
  },
  namespaceSelector: (entry, service) => {
    const values = valuesOf(entry['namespaceSelector'], INJECTION_LABEL, 'In');
    const excluded = valuesOf(entry['namespaceSelector'], NAMESPACE_NAME_LABEL, 'NotIn');
    const missing = [...SYSTEM_NAMESPACES, service.namespace].filter((name) => !excluded.includes(name));
    if (values.length === 0) return `select by the label ${INJECTION_LABEL}`;
    return missing.length === 0 ? undefined : `exclude ${missing.join(', ')}`;
  },
  failurePolicy: (entry) => {
    const expected = selectsRequired(entry) && !selectsOptOuts(entry) ? 'Fail' : 'Ignore';
    return entry['failurePolicy'] === expected ? undefined : `be ${expected}`;
  },
  reinvocationPolicy: (entry) => (entry['reinvocationPolicy'] === 'IfNeeded' ? undefined : 'be IfNeeded'),
  sideEffects: (entry) => (entry['sideEffects'] === 'None' ? undefined : 'be None'),
  timeoutSeconds: (entry) => {
    const seconds = entry['timeoutSeconds'];
    return typeof seconds === 'number' && seconds >= 2 && seconds <= 10 ? undefined : 'be from 2 to 10';
  },
  admissionReviewVersions: (entry) =>
    items(entry['admissionReviewVersions']).includes('v1') ? undefined : 'include v1',
} as const satisfies Readonly<Record<string, Check>>;

/** True if every pod that the entry selects is required, by the label of its namespace or its own. */
export function selectsRequired(entry: JsonObject): boolean {
  return [entry['namespaceSelector'], entry['objectSelector']].some((selector) =>
    isOnly(valuesOf(selector, INJECTION_LABEL, 'In'), REQUIRED),
  );
}

export const SYSTEM_NAMESPACES: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease'];

// Object.keys returns string[]; these are exactly the keys of the table above.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
export const driftFields = Object.keys(checks) as readonly DriftField[];

export function findDrift(webhooks: readonly JsonObject[], service: Service): readonly Drift[] {
  return webhooks.flatMap((webhook) =>
    driftFields.flatMap((field): readonly Drift[] => {
      const expected = checks[field](webhook, service);
      return expected === undefined ? [] : [{ entry: textIn(webhook, 'name'), field, expected }];
    }),
  );
}

/** The values that a label selector gives for a key and an operator; an entry of `matchLabels` is an `In` with one value. */
function valuesOf(selector: Json | undefined, key: string, operator: 'In' | 'NotIn'): readonly Json[] {
  const object = isObject(selector) ? selector : {};
  const label = objectIn(object, 'matchLabels')[key];
  const expressions = objectsIn(object, 'matchExpressions').filter(
    (one) => one['key'] === key && one['operator'] === operator,
  );
  return [
    ...(operator === 'In' && typeof label === 'string' ? [label] : []),
    ...expressions.flatMap((one) => items(one['values'])),
  ];
}

function isOnly(list: Json | undefined, value: string): boolean {
  return Array.isArray(list) && list.length === 1 && list[0] === value;
}

function items(list: Json | undefined): readonly Json[] {
  return Array.isArray(list) ? list : [];
}
