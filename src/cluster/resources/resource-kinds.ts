import { PROFILE_API_VERSION, PROFILE_KIND } from '../../api/keys.ts';
import { CLUSTER_TARGET_KIND, TARGET_KIND } from '../../api/target/target.ts';

export type ResourceKind = typeof PROFILE_KIND | typeof TARGET_KIND | typeof CLUSTER_TARGET_KIND;

/** The names of our kinds in paths of the API server. */
export const PLURALS: { readonly [kind in ResourceKind]: string } = {
  [PROFILE_KIND]: 'agentprofiles',
  [TARGET_KIND]: 'agenttargets',
  [CLUSTER_TARGET_KIND]: 'clusteragenttargets',
};

/** What the API server serves of our group. */
export const GROUP_PATH = `/apis/${PROFILE_API_VERSION}`;

export function collectionPath(kind: ResourceKind): string {
  return `${GROUP_PATH}/${PLURALS[kind]}`;
}
