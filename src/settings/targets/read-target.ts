import type { LabelSelector } from '../../api/target/label-selector.ts';
import { CLUSTER_TARGET_KIND } from '../../api/target/kinds.ts';
import { clusterTargetSchema, type ClusterTargetSpec, targetSchema } from '../../api/target/target.ts';
import { CANARY, INJECTED_LABEL } from '../../api/keys.ts';
import { type JsonObject, objectIn, textIn } from '../../lib/json.ts';
import type { Result } from '../../lib/result.ts';
import type { Problem } from '../../profiles/problem.ts';
import { parseWithSchema } from '../../profiles/schema-errors.ts';
import type { Target } from './target.ts';

/** Reads the object of a target, or fails with every problem in its text. */
export function readTarget(object: JsonObject): Result<Target, readonly Problem[]> {
  const isOfCluster = object['kind'] === CLUSTER_TARGET_KIND;
  const parsed = isOfCluster ? parseWithSchema(clusterTargetSchema, object) : parseWithSchema(targetSchema, object);
  if (!parsed.ok) return parsed;
  const spec: ClusterTargetSpec = parsed.value.spec;
  const { podSelector = {}, namespaceSelector = {} } = spec;
  const problems = [
    ...problemsOfSelector(podSelector, ['spec', 'podSelector']),
    ...problemsOfSelector(namespaceSelector, ['spec', 'namespaceSelector']),
  ];
  if (problems.length > 0) return { ok: false, error: problems };
  const metadata = objectIn(object, 'metadata');
  const namespace = isOfCluster ? undefined : textIn(metadata, 'namespace');
  const name = textIn(metadata, 'name');
  return {
    ok: true,
    value: {
      scope: isOfCluster ? 'cluster' : 'namespace',
      name: namespace === undefined ? name : `${namespace}/${name}`,
      namespace,
      created: textIn(metadata, 'creationTimestamp') || LATER,
      specificity: termsIn(podSelector) + termsIn(namespaceSelector),
      podSelector,
      namespaceSelector,
      settings: settingsIn(spec),
    },
  };
}

/** After all times, for one that is not created yet. */
const LATER = '9999';

function termsIn({ matchLabels = {}, matchExpressions = [] }: LabelSelector): number {
  return Object.keys(matchLabels).length + matchExpressions.length;
}

/** The words of a target are those of annotations. */
function settingsIn({ profile, containers, delivery, rollout, parameters }: ClusterTargetSpec): Target['settings'] {
  return new Map([
    ...Object.entries(parameters ?? {}),
    ['profile', profile],
    ...(containers ? [['containers', containers.join(',')] as const] : []),
    ...(delivery === undefined ? [] : [['delivery', delivery] as const]),
    ...(rollout ? [[CANARY, String(rollout.percent)] as const] : []),
  ]);
}

function problemsOfSelector(
  { matchLabels = {}, matchExpressions = [] }: LabelSelector,
  path: readonly string[],
): readonly Problem[] {
  const ofValues = matchExpressions.flatMap(({ operator, values = [] }, index): readonly Problem[] => {
    const needsValues = operator === 'In' || operator === 'NotIn';
    if (needsValues === values.length > 0) return [];
    const message = needsValues ? `must have values, since operator is ${operator}` : `must be empty with ${operator}`;
    return [{ path: [...path, 'matchExpressions', index, 'values'], message }];
  });
  const keys = [...Object.keys(matchLabels), ...matchExpressions.map(({ key }) => key)];
  // It is there only after injection: the second look at a pod would find another target than the first.
  const isOurs = keys.includes(INJECTED_LABEL);
  return isOurs ? [...ofValues, { path, message: `must not ask for ${INJECTED_LABEL}` }] : ofValues;
}
