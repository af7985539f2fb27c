import { NAMESPACE_NAME_LABEL } from '../../kubernetes/labels.ts';
import { INJECTION_LABEL } from '../../api/keys.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';

/** What is not as this server needs it. Whoever changed it may have had a reason: it is said, and left alone. */
export interface Drift {
  readonly entry: string;
  readonly field: DriftField;
  /** What the field should be, in words that follow "should". */
  readonly expected: string;
}

export type DriftField = keyof typeof checks;

export interface Service {
  readonly name: string;
  readonly namespace: string;
}

type Check = (entry: JsonObject, service: Service) => string | undefined;

/** What each field of an entry has to be; a sentence fragment where it is not. The rows are the label values of the metric. */
const checks = {
  clientConfig: (entry, service) => {
    const called = field(entry['clientConfig'], 'service');
    // A URL leads wherever it leads: only whoever wrote it knows.
    if (!isObject(called)) return undefined;
    const isOurs =
      called['name'] === service.name && called['namespace'] === service.namespace && called['path'] === '/mutate';
    return isOurs ? undefined : `call /mutate of Service ${service.name} in namespace ${service.namespace}`;
  },
  rules: (entry) => {
    const rules = items(entry['rules']);
    const isRight =
      rules.length === 1 && isSame(rules[0], 'operations', 'CREATE') && isSame(rules[0], 'resources', 'pods');
    return isRight ? undefined : 'be the creation of pods and nothing else';
  },
  namespaceSelector: (entry, service) => {
    const values = valuesOf(entry['namespaceSelector'], INJECTION_LABEL, 'In');
    const never = valuesOf(entry['namespaceSelector'], NAMESPACE_NAME_LABEL, 'NotIn');
    const missing = [...SYSTEM_NAMESPACES, service.namespace].filter((name) => !never.includes(name));
    if (values.length === 0) return `ask for the label ${INJECTION_LABEL}`;
    return missing.length === 0 ? undefined : `leave out ${missing.join(', ')}`;
  },
  failurePolicy: (entry) => {
    const isRequired = [entry['namespaceSelector'], entry['objectSelector']].some((selector) => {
      const values = valuesOf(selector, INJECTION_LABEL, 'In');
      return values.length === 1 && values[0] === 'required';
    });
    const expected = isRequired ? 'Fail' : 'Ignore';
    return entry['failurePolicy'] === expected ? undefined : `be ${expected}`;
  },
  reinvocationPolicy: (entry) => (entry['reinvocationPolicy'] === 'IfNeeded' ? undefined : 'be IfNeeded'),
  sideEffects: (entry) => (entry['sideEffects'] === 'None' ? undefined : 'be None'),
  timeoutSeconds: (entry) => {
    const seconds = entry['timeoutSeconds'];
    return typeof seconds === 'number' && seconds >= 2 && seconds <= 10 ? undefined : 'be from 2 to 10';
  },
  admissionReviewVersions: (entry) => (items(entry['admissionReviewVersions']).includes('v1') ? undefined : 'have v1'),
} as const satisfies Readonly<Record<string, Check>>;

/** Whatever their labels are, nobody is called for these. */
export const SYSTEM_NAMESPACES: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease'];

// Object.keys gives string[]; these are just the keys of the table above.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
export const driftFields = Object.keys(checks) as readonly DriftField[];

export function driftOf(webhooks: readonly JsonObject[], service: Service): readonly Drift[] {
  return webhooks.flatMap((webhook) =>
    driftFields.flatMap((name): readonly Drift[] => {
      const expected = checks[name](webhook, service);
      return expected === undefined
        ? []
        : [{ entry: typeof webhook['name'] === 'string' ? webhook['name'] : '', field: name, expected }];
    }),
  );
}

/** The values that a label selector asks of a key by an operator; `matchLabels` is the other way to write In. */
function valuesOf(selector: Json | undefined, key: string, operator: 'In' | 'NotIn'): readonly Json[] {
  const label = field(field(selector, 'matchLabels'), key);
  const expressions = items(field(selector, 'matchExpressions')).filter(
    (one) => field(one, 'key') === key && field(one, 'operator') === operator,
  );
  return [
    ...(operator === 'In' && typeof label === 'string' ? [label] : []),
    ...expressions.flatMap((one) => items(field(one, 'values'))),
  ];
}

function isSame(rule: Json | undefined, name: string, only: string): boolean {
  const values = items(field(rule, name));
  return values.length === 1 && values[0] === only;
}

function field(parent: Json | undefined, name: string): Json | undefined {
  return isObject(parent) ? parent[name] : undefined;
}

function items(list: Json | undefined): readonly Json[] {
  return Array.isArray(list) ? list : [];
}
