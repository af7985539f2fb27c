import type { OfflineInputs, OfflineOptions } from '../../config/catalogue.ts';
import type { Finding } from '../../diagnostics/findings.ts';
import { mayExist } from '../../diagnostics/decisions/unread.ts';
import { settingsNote } from '../cluster/unread-notes.ts';
import type { ServerSettings } from '../installed-settings.ts';
import type { ExplanationResult } from './result.ts';

/** True if the defaults of the cluster are not known, so that the built-in ones stand in for them. */
function isAssumed({ from, unknown }: ServerSettings): boolean {
  return from === undefined && unknown !== undefined && unknown.code !== 'url' && unknown.code !== 'not-installed';
}

export function settingsFindings(settings: ServerSettings): readonly Finding[] {
  if (settings.unknown?.code === 'url') return [SERVER_UNSEEN];
  return settingsNote(settings).map((message) => ({ code: 'server-settings-unknown', message }));
}

const SERVER_UNSEEN: Finding = {
  code: 'server-unseen',
  message:
    'the server is registered by its address: whether it answers is not known here, and without an answer pods start without the agent: agent-injector check tries it',
};

/** What the decision is made without, as the first line says it. */
function withoutWhat(settings: ServerSettings, cluster: OfflineInputs['cluster']): readonly string[] {
  const { unread = [] } = settings.catalogue;
  return [
    ...(isAssumed(settings) ? ['the settings of the server'] : []),
    ...(unread.includes('profiles') ? ['AgentProfiles'] : []),
    ...(cluster.hasUnreadTargets ? ['targets'] : []),
  ];
}

/** What the decision lacks, for the first lines. */
export function lacks(
  { decision }: ExplanationResult,
  settings: ServerSettings,
  cluster: OfflineInputs['cluster'],
): Pick<ExplanationResult, 'without' | 'isUndecided' | 'assumesDefaults'> {
  const without = withoutWhat(settings, cluster);
  const isMissing = decision.reason?.code === 'unknown-profile' && mayExist(settings.catalogue);
  return {
    ...(without.length > 0 && { without }),
    ...(isMissing && { isUndecided: true }),
    ...(isAssumed(settings) && { assumesDefaults: true }),
  };
}

/** Without the ConfigMap of the server, its own profiles are not known either. */
export function profilesFindings(
  { decision }: ExplanationResult,
  { from }: ServerSettings,
  { profiles }: OfflineOptions,
): readonly Finding[] {
  if (from !== undefined || profiles !== undefined || decision.reason?.code !== 'unknown-profile') return [];
  const message = 'the profiles of the server other than the built-in ones cannot be seen: use --profiles DIR';
  return [{ code: 'profiles-unknown', message }];
}
