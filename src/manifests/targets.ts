import { PROFILE_API_VERSION } from '../api/keys.ts';
import { CLUSTER_TARGET_KIND, TARGET_KIND } from '../api/target/kinds.ts';
import type { ClusterState } from '../kubernetes/cluster-state.ts';
import { objectIn } from '../lib/json.ts';
import { problemText } from '../profiles/catalogue.ts';
import { readTarget } from '../settings/targets/read-target.ts';
import { TargetSet } from '../settings/targets/target-set.ts';
import type { ManifestObject } from './documents.ts';

export interface TargetsInFiles {
  readonly targets: NonNullable<ClusterState['targets']>;
  /** What is wrong with those that do not count, one line for each. */
  readonly problems: readonly string[];
}

/** The AgentTargets and ClusterAgentTargets among objects of files. `standard`: the namespace of those that name none. */
export function targetsIn(objects: readonly ManifestObject[], standard: string): TargetsInFiles {
  const problems: string[] = [];
  const targets = objects.filter(isTarget).flatMap(({ kind, name, namespace = standard, json }) => {
    const metadata = { ...objectIn(json, 'metadata'), ...(kind === TARGET_KIND && { namespace }) };
    const read = readTarget({ ...json, metadata });
    if (read.ok) return [read.value];
    problems.push(...read.error.map((problem) => `${kind} ${name} does not count: ${problemText(problem)}`));
    return [];
  });
  const set = new TargetSet(targets);
  return { targets: (namespace) => set.of(namespace), problems };
}

function isTarget({ apiVersion, kind }: ManifestObject): boolean {
  return apiVersion === PROFILE_API_VERSION && (kind === TARGET_KIND || kind === CLUSTER_TARGET_KIND);
}
