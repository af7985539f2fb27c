import { DISABLED, INJECTION_LABEL, type Level, namespaceSettingNames } from '../api/keys.ts';
import { annotationsOf, containersOf, labelsOf } from '../kubernetes/pod.ts';
import type { Reason, Setting } from '../reasons/reason.ts';
import { readAnnotations } from './annotations.ts';
import { isRequired, isStrict } from './required.ts';
import { levelsFor, resolveSetting, settingChain, type SettingSources } from './resolve.ts';
import { MAX_NOTICES } from './unknown-keys.ts';

/** Reports what the pod sets at a level that does not count, unless it is what counts anyway. */
export function ignoredSettings(sources: SettingSources): readonly Reason[] {
  const { byContainer, common } = readAnnotations(annotationsOf(sources.pod));
  if (common.size + byContainer.size === 0 && !isStrict(sources)) return [];
  const names = [
    ...namespaceSettingNames,
    ...(isRequired(sources) ? ['profile', 'delivery', ...containersKeys(common)] : []),
  ];
  const ignored = names.flatMap((name) => ignoredValues(sources, name));
  return [...ignored, ...ignoredOptOuts(sources)].slice(0, MAX_NOTICES);
}

function containersKeys(common: ReadonlyMap<string, unknown>): readonly string[] {
  return [...common.keys()].filter((name) => name === 'containers' || name.startsWith('containers.'));
}

function ignoredValues(sources: SettingSources, setting: string): readonly Reason[] {
  const levels = levelsFor(sources, setting);
  if (levels.includes('pod')) return [];
  const counts = resolveSetting(sources, setting)?.text;
  const values = [undefined, ...containersOf(sources.pod).map(({ name }) => name)].flatMap((container) => {
    const [first] = settingChain(sources, setting, container);
    return first && (first.source.from === 'container' || first.source.from === 'pod') ? [first] : [];
  });
  const distinct = new Map(values.map((value) => ['key' in value.source ? value.source.key : '', value]));
  return [...distinct.values()].filter(({ text }) => text !== counts).map((value) => locked(setting, value, levels));
}

function ignoredOptOuts(sources: SettingSources): readonly Reason[] {
  if (!isStrict(sources)) return [];
  const inject = resolveSetting(sources, 'inject');
  const label = labelsOf(sources.pod)[INJECTION_LABEL];
  return [
    ...(inject && inject.text !== 'true' ? [locked('inject', inject, [])] : []),
    ...(label === DISABLED
      ? [{ code: 'unknown-label' as const, label: INJECTION_LABEL, value: label, expected: 'an agent is required' }]
      : []),
  ];
}

function locked(setting: string, { source }: Setting, settableBy: readonly Level[]): Reason {
  return { code: 'setting-locked', setting, source, settableBy };
}
