import { userSettingNames } from '../api/keys.ts';
import { annotationsOf, containersOf } from '../kubernetes/pod.ts';
import { subjectOf } from '../profiles/tenancy/policy.ts';
import type { Reason } from '../reasons/reason.ts';
import { readAnnotations } from './annotations.ts';
import { levelsFor, type SettingSources } from './resolve.ts';
import { MAX_NOTICES } from './unknown-keys.ts';

/** Reports settings in annotations that their level may not set, up to a limit. Parameters are reported where they are resolved. */
export function lockedSettingsIn(sources: SettingSources): readonly Reason[] {
  const { pod, namespace, catalogue } = sources;
  if (catalogue.tenancy.settableBy.size === 0) return [];
  const onPod = readAnnotations(annotationsOf(pod));
  const places = [
    ['namespace', readAnnotations(namespace.annotations).common] as const,
    ['pod', onPod.common] as const,
    ...containersOf(pod).map(({ name }) => ['container', onPod.byContainer.get(name) ?? new Map()] as const),
  ];
  const found: Reason[] = [];
  for (const [from, settings] of places) {
    for (const [setting, { key }] of settings) {
      if (found.length === MAX_NOTICES) return found;
      const levels = isSetting(setting) ? levelsFor(sources, setting) : undefined;
      if (!levels || levels.includes(from)) continue;
      found.push({ code: 'setting-locked', setting, source: { from, key }, settableBy: levels });
    }
  }
  return found;
}

function isSetting(name: string): boolean {
  return userSettingNames.includes(subjectOf(name));
}
