import { PREFIX, PROFILE_API_VERSION } from '../keys.ts';

export const TARGET_KIND = 'AgentTarget';

export const CLUSTER_TARGET_KIND = 'ClusterAgentTarget';

export const API_GROUP = PREFIX;

/** Where the API server has our group, once a CRD of it is installed. */
export const API_GROUP_PATH = `/apis/${PROFILE_API_VERSION}` as const;

/** The resources by the plural names in their paths. */
export const RESOURCES = {
  profiles: 'agentprofiles',
  targets: 'agenttargets',
  clusterTargets: 'clusteragenttargets',
} as const;
