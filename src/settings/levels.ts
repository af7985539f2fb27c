import { namespaceSettingNames } from '../api/key-table.ts';
import { CANARY, type Level, LEVELS } from '../api/keys.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import { levelsOfSetting, subjectOf } from '../profiles/tenancy/policy.ts';
import type { Source } from '../reasons/reason.ts';
import { readAnnotations } from './annotations.ts';
import { isRequired, isStrict } from './required.ts';
import { selectedTargets, type TargetSources } from './targets/selected.ts';

const ALL: readonly Level[] = ['container', 'pod', 'namespace', 'cluster'];

const ABOVE_THE_POD: readonly Level[] = ['namespace', 'cluster'];

/** What the levels depend on. */
export interface LevelSources extends TargetSources {
  readonly catalogue: Catalogue;
  readonly required?: boolean | undefined;
}

/**
 * The level whose permissions a source has. Those who may create pods in a namespace may create AgentTargets there, too, so one counts as what their
 * pods say. A ClusterAgentTarget is from those who administer the cluster.
 */
export function levelOf(from: Source['from']): Level | 'profile' {
  return from === 'target' ? 'pod' : from === 'cluster-target' ? 'cluster' : from;
}

/**
 * True if a setting from this source counts at these levels. The share that an AgentTarget gives is one of its own pods, as that of a namespace, but
 * where an agent is required it must not be a way out.
 */
export function countsFrom(
  from: Source['from'],
  levels: readonly Level[],
  setting: string,
  sources: LevelSources,
): boolean {
  const isShare = from === 'target' && subjectOf(setting) === CANARY;
  const level = isShare && !isRequired(sources) ? 'namespace' : levelOf(from);
  return level !== 'profile' && levels.includes(level);
}

/** The settings that decide which agent a pod gets. `containers.PROFILE` is one of them, too. */
function decidesAgent(setting: string): boolean {
  return ['profile', 'auto-profiles', 'containers', 'delivery'].includes(setting) || setting.startsWith('containers.');
}

/**
 * The levels at which a setting counts. `fixed`: an agent is required, and the namespace or the cluster has chosen it. Owners and deliveries are
 * excluded from above only: anyone who creates a pod can claim any owner for it.
 */
function levelsOf(setting: string, fixed: boolean): readonly Level[] {
  return namespaceSettingNames.includes(subjectOf(setting)) || (fixed && decidesAgent(setting)) ? ABOVE_THE_POD : ALL;
}

/** The levels at which a setting counts for this pod; none for `inject` and `canary` where nothing opts out. */
export function levelsFor(sources: LevelSources, setting: string): readonly Level[] {
  if (OPTS_OUT.has(subjectOf(setting)) && isStrict(sources)) return [];
  const counting = levelsOf(setting, decidesAgent(setting) && isRequired(sources) && isFixedAbove(sources, setting));
  const allowed = levelsOfSetting(sources.catalogue.tenancy, setting);
  return allowed === LEVELS ? counting : counting.filter((level) => allowed.includes(level));
}

const OPTS_OUT: ReadonlySet<string> = new Set(['inject', CANARY]);

/** True if the namespace or the cluster itself sets the setting, to something other than nothing. A built-in default does not count. */
function isFixedAbove(sources: LevelSources, setting: string): boolean {
  const { namespace, catalogue } = sources;
  const { common } = readAnnotations(namespace.annotations);
  const ofCluster = selectedTargets(sources).find(({ scope }) => scope === 'cluster');
  const target = common.has('profile') ? undefined : ofCluster;
  // `containers` also fixes `containers.PROFILE`.
  const names = setting.startsWith('containers.') ? [setting, 'containers'] : [setting];
  return names.some((name) => {
    const own = catalogue.ownDefaults?.has(name) === true ? catalogue.defaults.get(name) : undefined;
    const text = (common.get(name)?.text ?? target?.settings.get(name) ?? own ?? '').trim();
    return text !== '' && text !== 'none';
  });
}
