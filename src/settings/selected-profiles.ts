import type { Container } from '../kubernetes/pod.ts';
import type { Result } from '../lib/result.ts';
import { nearest } from '../lib/suggest.ts';
import {
  PROFILE_CHOICE_EXPECTED,
  type ProfileChoice,
  readProfileChoice,
} from '../profiles/automatic/profile-choice.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Reason, Setting } from '../reasons/reason.ts';
import { type AutomaticChoice, chooseByLanguage } from './automatic/profile-by-language.ts';
import { profileFor } from './canary.ts';
import { invalidSetting, resolveSetting, type SettingSources } from './resolve.ts';

// A pod can have thousands of containers, and one list with thousands of names for all of them: it is parsed once.
const parsedLists = new WeakMap<SettingSources, Map<string, ProfileChoice | undefined>>();

function choiceIn(sources: SettingSources, text: string): ProfileChoice | undefined {
  const lists = parsedLists.get(sources) ?? new Map<string, ProfileChoice | undefined>();
  parsedLists.set(sources, lists);
  const choice = lists.has(text) ? lists.get(text) : readProfileChoice(text);
  lists.set(text, choice);
  return choice;
}

/** The setting that names the profiles for `auto` alone. */
const AUTO_PROFILES = 'auto-profiles';

/** The profiles that are selected for a container, without duplicates. An empty list is valid, and so is `none`. */
export function profilesFor(sources: SettingSources, container: Container): Result<readonly Profile[], Reason> {
  return choiceFor(sources, container).profiles;
}

/** The same, with the evidence for what `auto` chooses. */
export function choiceFor(sources: SettingSources, container: Container): AutomaticChoice {
  const setting = resolveSetting(sources, 'profile', container.name);
  if (!setting) return chosen({ ok: true, value: [] });
  const choice = choiceIn(sources, setting.text);
  if (!choice) return chosen({ ok: false, error: invalidSetting('profile', setting, PROFILE_CHOICE_EXPECTED) });
  if (!choice.auto) return chosen(profilesNamed(sources, choice.names, setting));
  const candidates = candidatesFor(sources, container, setting, choice);
  return candidates.ok ? chooseByLanguage(sources, container, candidates.value) : chosen(candidates);
}

/** The profiles that stand behind `auto`, else those of the namespace or the cluster. */
function candidatesFor(
  sources: SettingSources,
  { name }: Container,
  setting: Setting,
  choice: ProfileChoice,
): AutomaticChoice['profiles'] {
  if (choice.names.length > 0) return profilesNamed(sources, choice.names, setting);
  const common = resolveSetting(sources, AUTO_PROFILES, name);
  const names = (common && choiceIn(sources, common.text)?.names) ?? [];
  if (!common || names.length === 0)
    return { ok: false, error: { code: 'auto-without-profiles', source: setting.source } };
  return profilesNamed(sources, names, common);
}

function chosen(profiles: AutomaticChoice['profiles']): AutomaticChoice {
  return { profiles, evidence: undefined };
}

function profilesNamed(
  sources: SettingSources,
  names: readonly string[],
  { source }: Setting,
): Result<readonly Profile[], Reason> {
  const profiles: Profile[] = [];
  for (const name of names) {
    const profile = profileFor(sources, name);
    if (!profile) {
      const suggestion = nearest(name, sources.catalogue.profiles.keys());
      return { ok: false, error: { code: 'unknown-profile', name, source, suggestion } };
    }
    profiles.push(profile);
  }
  return { ok: true, value: profiles };
}
