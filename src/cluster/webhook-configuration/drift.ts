import { INJECTION_LABEL, REQUIRED, REVISION_LABEL } from '../../api/keys.ts';
import { MUTATE_PATH, parseWebhookPath, REQUIRED_PATH } from '../../api/paths.ts';
import { judgesResources, selectsOptOuts, warnsOfWorkloads } from '../../diagnostics/webhook-match.ts';
import { selectorValues } from '../../kubernetes/label-selector.ts';
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
  /** The revision of the release that the Service is part of. */
  readonly revision?: string | undefined;
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
    if (warnsOfWorkloads(entry) || judgesResources(entry)) return undefined;
    const rules = items(entry['rules']);
    const [rule] = objectsIn(entry, 'rules');
    const isRight = rules.length === 1 && isOnly(rule?.['operations'], 'CREATE') && isOnly(rule?.['resources'], 'pods');
    return isRight ? undefined : 'match only CREATE of pods';
  },
  namespaceSelector: (entry, service) => {
    // Resources are judged in all namespaces.
    if (judgesResources(entry)) return undefined;
    const values = selectorValues(entry['namespaceSelector'], INJECTION_LABEL, 'In');
    const excluded = selectorValues(entry['namespaceSelector'], NAMESPACE_NAME_LABEL, 'NotIn');
    const missing = [...SYSTEM_NAMESPACES, service.namespace].filter((name) => !excluded.includes(name));
    if (values.length === 0) return `select by the label ${INJECTION_LABEL}`;
    const { revision } = service;
    // Another release may serve the other namespaces.
    if (!selectsRevision(entry['namespaceSelector'], revision))
      return `select namespaces ${revision === undefined ? 'without the label' : 'with the label'} ${REVISION_LABEL}${revision === undefined ? '' : `=${revision}`}`;
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
    isOnly(selectorValues(selector, INJECTION_LABEL, 'In'), REQUIRED),
  );
}

function selectsRevision(selector: Json | undefined, revision: string | undefined): boolean {
  if (revision !== undefined) return isOnly(selectorValues(selector, REVISION_LABEL, 'In'), revision);
  const expressions = objectsIn(isObject(selector) ? selector : {}, 'matchExpressions');
  return expressions.some((one) => one['key'] === REVISION_LABEL && one['operator'] === 'DoesNotExist');
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

function isOnly(list: Json | readonly Json[] | undefined, value: string): boolean {
  return Array.isArray(list) && list.length === 1 && list[0] === value;
}

function items(list: Json | undefined): readonly Json[] {
  return Array.isArray(list) ? list : [];
}
