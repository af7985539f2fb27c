import type { Result } from '../lib/result.ts';
import { nearest } from '../lib/suggest.ts';
import { splitList } from '../lib/text.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Reason } from '../reasons/reason.ts';
import { profileFor } from './canary.ts';
import { resolveSetting, type SettingSources } from './resolve.ts';

// A pod can have thousands of containers, and one list with thousands of names for all of them: it is parsed once.
const parsedLists = new WeakMap<SettingSources, Map<string, readonly string[]>>();

function namesIn(sources: SettingSources, text: string): readonly string[] {
  const lists = parsedLists.get(sources) ?? new Map<string, readonly string[]>();
  parsedLists.set(sources, lists);
  const names = lists.get(text) ?? [...new Set(splitList(text))];
  lists.set(text, names);
  return names;
}

/** The profiles that are selected for a container, without duplicates. An empty list is valid, and so is `none`. */
export function profilesFor(sources: SettingSources, container: string): Result<readonly Profile[], Reason> {
  const setting = resolveSetting(sources, 'profile', container);
  const names = setting ? namesIn(sources, setting.text) : [];
  if (!setting || names.length === 0 || (names.length === 1 && names[0] === 'none')) return { ok: true, value: [] };
  const profiles: Profile[] = [];
  for (const name of names) {
    const profile = profileFor(sources, name);
    if (!profile) {
      const suggestion = nearest(name, sources.catalogue.profiles.keys());
      return { ok: false, error: { code: 'unknown-profile', name, source: setting.source, suggestion } };
    }
    profiles.push(profile);
  }
  return { ok: true, value: profiles };
}
