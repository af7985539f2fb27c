import { PROFILE_KIND } from '../../api/keys.ts';
import { API_GROUP_PATH, CLUSTER_TARGET_KIND, RESOURCES, TARGET_KIND } from '../../api/target/kinds.ts';

export type ResourceKind = typeof PROFILE_KIND | typeof TARGET_KIND | typeof CLUSTER_TARGET_KIND;

/** The plural names of our kinds. */
export const PLURALS: { readonly [kind in ResourceKind]: string } = {
  [PROFILE_KIND]: RESOURCES.profiles,
  [TARGET_KIND]: RESOURCES.targets,
  [CLUSTER_TARGET_KIND]: RESOURCES.clusterTargets,
};

export function collectionPath(kind: ResourceKind, namespace?: string): string {
  return `${API_GROUP_PATH}/${namespace === undefined ? '' : `namespaces/${namespace}/`}${PLURALS[kind]}`;
}
