import { namespaceSettingNames } from '../api/key-table.ts';
import type { Level } from '../api/keys.ts';
import { subjectOf } from '../profiles/tenancy/policy.ts';

const ALL: readonly Level[] = ['container', 'pod', 'namespace', 'cluster'];

const ABOVE_THE_POD: readonly Level[] = ['namespace', 'cluster'];

/** The settings that decide which agent a pod gets. `containers.PROFILE` is one of them, too. */
export function decidesAgent(setting: string): boolean {
  return ['profile', 'containers', 'delivery'].includes(setting) || setting.startsWith('containers.');
}

/**
 * The levels at which a setting counts. `fixed`: an agent is required, and the namespace or the cluster has chosen it. Owners and deliveries are
 * excluded from above only: anyone who creates a pod can claim any owner for it.
 */
export function levelsOf(setting: string, fixed: boolean): readonly Level[] {
  return namespaceSettingNames.includes(subjectOf(setting)) || (fixed && decidesAgent(setting)) ? ABOVE_THE_POD : ALL;
}
