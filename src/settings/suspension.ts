import { suspensionIn } from '../api/injection-switch.ts';
import { SUSPENDED } from '../api/keys.ts';
import { sourceText } from '../reasons/message.ts';
import type { Reason } from '../reasons/reason.ts';
import { isStrict } from './required.ts';
import { resolveSetting, type SettingSources } from './resolve.ts';

type Suspended = Extract<Reason, { code: 'suspended' }>;

/** Why nothing is injected here at all: the cluster or the namespace is suspended. */
export function suspensionOf(sources: SettingSources): Suspended | undefined {
  const { injection } = sources.catalogue;
  if (injection?.mode === 'off') return suspended(sources, injection.by, injection.why);
  return annotated(sources, SUSPENDED);
}

/** Why one profile is not injected here, although others may be. */
export function suspensionOfProfile(sources: SettingSources, profile: string): Suspended | undefined {
  const { injection, profiles } = sources.catalogue;
  const found = injection?.profiles.get(profile);
  if (found) return suspended(sources, `${found.by} for profile ${profile}`, found.why);
  if (profiles.get(profile)?.suspended === true) return suspended(sources, `profile ${profile}`, '');
  return annotated(sources, `${SUSPENDED}.${profile}`);
}

function annotated(sources: SettingSources, setting: string): Suspended | undefined {
  const found = resolveSetting(sources, setting);
  const why = found && suspensionIn(found.text);
  return found === undefined || why === undefined ? undefined : suspended(sources, sourceText(found.source), why);
}

function suspended(sources: SettingSources, by: string, why: string): Suspended {
  return { code: 'suspended', by, why, strict: isStrict(sources) };
}
