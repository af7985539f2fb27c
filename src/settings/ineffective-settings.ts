import { userSettingNames } from '../api/key-table.ts';
import { AUTO, DISABLED, INJECTION_LABEL, type Level } from '../api/keys.ts';
import { annotationsOf, containersOf, labelsOf } from '../kubernetes/pod.ts';
import { subjectOf } from '../profiles/tenancy/policy.ts';
import type { Reason } from '../reasons/reason.ts';
import { type AnnotationSetting, readAnnotations } from './annotations.ts';
import { levelsFor } from './levels.ts';
import { isStrict } from './required.ts';
import { resolveSetting, type SettingSources } from './resolve.ts';
import { isPerContainer, MAX_NOTICES } from './unknown-keys.ts';

/**
 * Reports settings in annotations at a level that does not count for this pod, and the label that would opt out where nothing may, up to a limit.
 * A value that says what applies anyway is not reported. Parameters are reported where they are resolved.
 */
export function ineffectiveSettings(sources: SettingSources): readonly Reason[] {
  const found: Reason[] = [];
  for (const { from, container, settings } of places(sources)) {
    for (const [setting, { key, text }] of settings) {
      if (found.length === MAX_NOTICES) return found;
      if (!userSettingNames.includes(subjectOf(setting))) continue;
      // Such a key is unknown for a container, and is reported as that.
      if (from === 'container' && !isPerContainer(setting)) continue;
      const levels = levelsFor(sources, setting);
      if (levels.includes(from) || text === effectiveText(sources, setting, container)) continue;
      found.push({ code: 'setting-locked', setting, source: { from, key }, settableBy: levels });
    }
  }
  return [...found, ...ineffectiveLabel(sources)];
}

interface Place {
  readonly from: Exclude<Level, 'cluster'>;
  readonly container?: string;
  readonly settings: ReadonlyMap<string, AnnotationSetting>;
}

function places({ pod, namespace }: SettingSources): readonly Place[] {
  const { common, byContainer } = readAnnotations(annotationsOf(pod));
  const ofContainers = byContainer.size === 0 ? [] : containersOf(pod);
  return [
    { from: 'namespace', settings: readAnnotations(namespace.annotations).common },
    { from: 'pod', settings: common },
    ...ofContainers.flatMap(({ name }): readonly Place[] => {
      const settings = byContainer.get(name);
      return settings ? [{ from: 'container', container: name, settings }] : [];
    }),
  ];
}

/** What applies if no level sets the setting. */
const WITHOUT: Readonly<Record<string, string>> = { inject: 'true', delivery: AUTO };

function effectiveText(sources: SettingSources, setting: string, container: string | undefined): string | undefined {
  const subject = subjectOf(setting);
  const counting = resolveSetting(sources, setting, container) ?? resolveSetting(sources, subject, container);
  return counting?.text ?? WITHOUT[subject];
}

function ineffectiveLabel(sources: SettingSources): readonly Reason[] {
  const value = labelsOf(sources.pod)[INJECTION_LABEL];
  if (value !== DISABLED || !isStrict(sources)) return [];
  return [{ code: 'unknown-label', label: INJECTION_LABEL, value, expected: 'an agent is required' }];
}
