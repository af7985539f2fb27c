import { MIRROR_POD_ANNOTATION } from '../kubernetes/labels.ts';
import { key, PREFIX } from '../api/keys.ts';
import { unselectedBecause } from '../kubernetes/label-selector.ts';
import { annotationsOf, labelsOf, type Pod } from '../kubernetes/pod.ts';
import { type Json, type JsonObject, objectIn, objectsIn, textIn } from '../lib/json.ts';

/** Whether the API server calls one webhook entry for a pod that is created. `unknown`: a condition that we cannot judge. */
export interface EntryMatch {
  readonly configuration: string;
  readonly entry: string;
  readonly called: 'yes' | 'no' | 'unknown';
  /** Why not, or what is not known; a sentence without a capital and a full stop. */
  readonly why?: string;
}

/** Namespaces as the API server sees them: all of their labels. */
export interface LabelledNamespace {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The entries of a MutatingWebhookConfiguration that are ours, by their names; those of everybody else are passed over. */
export function ownEntries(configuration: JsonObject): readonly JsonObject[] {
  return objectsIn(configuration, 'webhooks').filter((entry) => textIn(entry, 'name').endsWith(`.${PREFIX}`));
}

/** What the API server does before agent-injector is asked (k8s.io/apiserver pkg/admission/plugin/webhook): each entry of ours, in order. */
export function matchOf(
  configurations: readonly JsonObject[],
  namespace: LabelledNamespace,
  pod: Pod,
): readonly EntryMatch[] {
  return configurations.flatMap((configuration) =>
    ownEntries(configuration).map((entry): EntryMatch => {
      const name = textIn(objectIn(configuration, 'metadata'), 'name');
      return { configuration: name, entry: textIn(entry, 'name'), ...judge(entry, namespace, pod) };
    }),
  );
}

type Judgement = Pick<EntryMatch, 'called' | 'why'>;

function judge(entry: JsonObject, namespace: LabelledNamespace, pod: Pod): Judgement {
  const unselected = unselectedBecause(entry['namespaceSelector'], namespace.labels);
  if (unselected !== undefined)
    return no(`its namespaceSelector requires ${unselected} on namespace ${namespace.name}`);
  const object = unselectedBecause(entry['objectSelector'], labelsOf(pod));
  if (object !== undefined) return no(`its objectSelector requires ${object} on the pod`);
  if (!coversPods(entry)) return no('its rules do not name the creation of pods');
  return byConditions(entry, pod) ?? byClient(entry);
}

function no(why: string): Judgement {
  return { called: 'no', why };
}

function coversPods(entry: JsonObject): boolean {
  return objectsIn(entry, 'rules').some(
    ({ resources, operations, apiGroups }) =>
      holds(resources, 'pods') && holds(operations, 'CREATE') && holds(apiGroups, ''),
  );
}

function holds(list: Json | undefined, value: string): boolean {
  return Array.isArray(list) && (list.includes(value) || list.includes('*'));
}

/** The conditions that we install, in our own words: CEL is not spoken here. A test compares them with the chart. */
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
];

function byConditions(entry: JsonObject, pod: Pod): Judgement | undefined {
  let unknown: Judgement | undefined;
  for (const condition of objectsIn(entry, 'matchConditions')) {
    const name = textIn(condition, 'name');
    const known = conditions.find(({ expression }) => expression === condition['expression']);
    if (known && !known.holds(pod)) return no(`its matchCondition ${name} does not hold: ${known.why}`);
    if (!known) unknown ??= { called: 'unknown', why: `its matchCondition ${name} cannot be judged here` };
  }
  return unknown;
}

/** Without an authority that vouches for us, every call fails. */
function byClient(entry: JsonObject): Judgement {
  return textIn(objectIn(entry, 'clientConfig'), 'caBundle') !== ''
    ? { called: 'yes' }
    : { called: 'yes', why: 'it has no caBundle: unless the certificate is publicly trusted, every call fails' };
}
