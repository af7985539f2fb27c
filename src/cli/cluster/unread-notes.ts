import type { KubeClient } from '../../cluster/client/types.ts';
import type { ServerSettings, UnknownSettings } from '../installed-settings.ts';
import { unreadResources } from './agent-resources.ts';

/** What could not be read although decisions depend on it, what follows from that, and who can change it: each once. */
export function unreadNotes(client: KubeClient, settings: Iterable<ServerSettings>): readonly string[] {
  return [...new Set([...settings].flatMap(settingsNote)), ...unreadResources(client)];
}

/** A server that is registered by its address, or none, is what the user knows of. */
export function settingsNote({ from, unknown }: ServerSettings): readonly string[] {
  if (!unknown || unknown.code === 'url' || unknown.code === 'not-installed') return [];
  if (from !== undefined) return [`${unknown.message}: the server may decide otherwise for those profiles`];
  return [`${unknown.message}: what the server would decide is not known${remedyFor(unknown)}`];
}

function remedyFor({ code }: UnknownSettings): string {
  return code === 'forbidden' ? '. The chart value cli.readers names who may read it; or use --config FILE' : '';
}
