import { optsOut } from '../admission/opt-in.ts';
import { key, PREFIX } from '../api/keys.ts';
import { parseWebhookPath } from '../api/paths.ts';
import { selectorMismatch } from '../kubernetes/label-selector.ts';
import { MIRROR_POD_ANNOTATION } from '../kubernetes/labels.ts';
import { annotationsOf, labelsOf, type Pod } from '../kubernetes/pod.ts';
import { isObject, type JsonObject, objectIn, objectsIn, textIn } from '../lib/json.ts';

/** Prediction for one webhook entry when a pod is created: does the API server call it? `unknown`: a match condition that is not ours. */
export interface EntryMatch {
  readonly configuration: string;
  readonly entry: string;
  readonly called: 'yes' | 'no' | 'unknown';
  /** The reason for `no` or `unknown`; a sentence fragment. */
  readonly why?: string;
  /** What becomes of a pod whose call fails; only of an entry that is called. */
  readonly onFailure?: 'Fail' | 'Ignore';
}

export interface LabelledNamespace {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The entries of agent-injector in a MutatingWebhookConfiguration, by their names. */
export function ownEntries(configuration: JsonObject): readonly JsonObject[] {
  return objectsIn(configuration, 'webhooks').filter((entry) => textIn(entry, 'name').endsWith(`.${PREFIX}`));
}

/** True for the optional entry that is called for workloads, and changes nothing. */
export function warnsOfWorkloads(entry: JsonObject): boolean {
  return textIn(entry, 'name') === `workloads.${PREFIX}`;
}

/** True for the optional entry that is called for AgentProfiles and targets, and refuses those with errors. */
export function judgesResources(entry: JsonObject): boolean {
  return textIn(entry, 'name') === `resources.${PREFIX}`;
}

/** Evaluates each entry of agent-injector for pods as the API server does before it calls a webhook (k8s.io/apiserver pkg/admission/plugin/webhook). */
export function matchOf(
  configurations: readonly JsonObject[],
  namespace: LabelledNamespace,
  pod: Pod,
): readonly EntryMatch[] {
  return configurations.flatMap((configuration) =>
    ownEntries(configuration)
      .filter((entry) => !warnsOfWorkloads(entry) && !judgesResources(entry))
      .map((entry): EntryMatch => {
        const name = textIn(objectIn(configuration, 'metadata'), 'name');
        return { configuration: name, entry: textIn(entry, 'name'), ...evaluate(entry, namespace, pod) };
      }),
  );
}

type Evaluation = Pick<EntryMatch, 'called' | 'why' | 'onFailure'>;

function evaluate(entry: JsonObject, namespace: LabelledNamespace, pod: Pod): Evaluation {
  const namespaceMismatch = selectorMismatch(entry['namespaceSelector'], namespace.labels);
  if (namespaceMismatch !== undefined)
    return notCalled(`its namespaceSelector requires ${namespaceMismatch} on namespace ${namespace.name}`);
  const podMismatch = selectorMismatch(entry['objectSelector'], labelsOf(pod));
  if (podMismatch !== undefined) return notCalled(`its objectSelector requires ${podMismatch} on the pod`);
  if (!coversPodCreation(entry)) return notCalled('its rules do not cover the creation of pods');
  const condition = evaluateConditions(entry, pod);
  if (condition) return condition;
  const failure = callFailure(objectIn(entry, 'clientConfig'));
  // The default of admissionregistration.k8s.io/v1.
  const onFailure = entry['failurePolicy'] === 'Ignore' ? 'Ignore' : 'Fail';
  return { called: 'yes', onFailure, ...(failure !== undefined && { why: failure }) };
}

/** Why each call fails, as far as the entry shows it. */
function callFailure(clientConfig: JsonObject): string | undefined {
  if (textIn(clientConfig, 'caBundle') === '')
    return 'it has no caBundle: unless the certificate is publicly trusted, every call fails';
  const { service } = clientConfig;
  if (!isObject(service) || parseWebhookPath(textIn(service, 'path'))) return undefined;
  return 'its path is not one of the webhook: unless a proxy changes it, every call fails';
}

function notCalled(why: string): Evaluation {
  return { called: 'no', why };
}

/** True if the rules of a webhook entry include the creation of pods (k8s.io/apiserver pkg/admission/plugin/webhook/predicates/rules). */
export function coversPodCreation(entry: JsonObject): boolean {
  return objectsIn(entry, 'rules').some(({ resources, operations, apiGroups }) =>
    [
      [resources, 'pods', '*', '*/*'],
      [operations, 'CREATE', '*'],
      [apiGroups, '', '*'],
    ].every(([list, ...values]) => Array.isArray(list) && list.some((one) => values.includes(one))),
  );
}

const OPTED_OUT =
  "(has(object.metadata.labels) && 'agent-injector.io/injection' in object.metadata.labels && object.metadata.labels['agent-injector.io/injection'] == 'disabled') || " +
  "(has(object.metadata.annotations) && 'agent-injector.io/inject' in object.metadata.annotations && object.metadata.annotations['agent-injector.io/inject'] == 'false')";

/** The match conditions that the chart installs, as functions, because CEL is not evaluated here. A test compares them with the chart. */
const conditions: readonly { readonly expression: string; readonly holds: (pod: Pod) => boolean; why: string }[] = [
  {
    expression: "!has(object.metadata.annotations) || !('kubernetes.io/config.mirror' in object.metadata.annotations)",
    holds: (pod) => annotationsOf(pod)[MIRROR_POD_ANNOTATION] === undefined,
    why: 'the pod mirrors a static pod',
  },
  {
    expression:
      "!has(object.metadata.annotations) || !('agent-injector.io/inject' in object.metadata.annotations) || object.metadata.annotations['agent-injector.io/inject'] != 'false'",
    holds: (pod) => annotationsOf(pod)[key('inject')] !== 'false',
    why: `the pod has the annotation ${key('inject')}: "false"`,
  },
  { expression: OPTED_OUT, holds: optsOut, why: 'the pod does not opt out' },
];

/** True for the entry that selects only pods that opt out. */
export function selectsOptOuts(entry: JsonObject): boolean {
  return objectsIn(entry, 'matchConditions').some(({ expression }) => expression === OPTED_OUT);
}

function evaluateConditions(entry: JsonObject, pod: Pod): Evaluation | undefined {
  let unknown: Evaluation | undefined;
  for (const condition of objectsIn(entry, 'matchConditions')) {
    const name = textIn(condition, 'name');
    const known = conditions.find(({ expression }) => expression === condition['expression']);
    if (known && !known.holds(pod)) return notCalled(`its matchCondition ${name} is false: ${known.why}`);
    if (!known) unknown ??= { called: 'unknown', why: `its matchCondition ${name} cannot be evaluated here` };
  }
  return unknown;
}
