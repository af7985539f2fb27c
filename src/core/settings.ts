import type { Catalogue } from './catalogue.ts';
import { has } from './json.ts';
import { containerKey, INJECTION_LABEL, key, keyTable, parseKey, PREFIX } from './keys.ts';
import type { Namespace } from './namespace.ts';
import { nearest } from './nearest.ts';
import { accepts, expectation } from './parameter.ts';
import { annotationsOf, containersOf, labelsOf, type Pod } from './pod.ts';
import type { Profile } from './profile.ts';
import type { Reason } from './reasons.ts';
import { words } from './words.ts';

/** Where a value comes from. */
export type Source =
  | { readonly from: 'container' | 'pod' | 'namespace' | 'cluster'; readonly key: string }
  | { readonly from: 'profile' };

/** A value as it was written, and where. */
export interface Setting {
  readonly text: string;
  readonly source: Source;
}

/** What everybody may write to, strongest first: the pod for one container, the pod, the namespace, the cluster's defaults. */
export interface Layers {
  readonly pod: Pod;
  readonly namespace: Namespace;
  readonly catalogue: Catalogue;
}

/** The strongest value of a setting, or undefined where nobody set it. With a container, its own annotation comes first. */
export function lookUp(layers: Layers, setting: string, container?: string): Setting | undefined {
  const annotations = annotationsOf(layers.pod);
  if (container !== undefined) {
    const own = containerKey(setting, container);
    if (has(annotations, own)) return { text: annotations[own] ?? '', source: { from: 'container', key: own } };
  }
  const common = key(setting);
  if (has(annotations, common)) return { text: annotations[common] ?? '', source: { from: 'pod', key: common } };
  if (has(layers.namespace.annotations, common)) {
    return { text: layers.namespace.annotations[common] ?? '', source: { from: 'namespace', key: common } };
  }
  const text = layers.catalogue.defaults.get(setting);
  return text === undefined ? undefined : { text, source: { from: 'cluster', key: setting } };
}

export type Choice<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: Reason };

/** The `inject` annotation: `true` unless somebody says otherwise. */
export function wantsInjection(
  layers: Layers,
): Choice<{ readonly wanted: boolean; readonly source: Source | undefined }> {
  const setting = lookUp(layers, 'inject');
  const text = setting?.text ?? 'true';
  if (text === 'true' || text === 'false')
    return { ok: true, value: { wanted: text === 'true', source: setting?.source } };
  return { ok: false, reason: invalid('inject', setting, '"true" or "false"') };
}

/** The profiles that a container is to get, in the order written, each once. None is no error: `none` is a choice. */
export function profilesFor(layers: Layers, container: string): Choice<readonly Profile[]> {
  const setting = lookUp(layers, 'profile', container);
  const names = setting ? [...new Set(words(setting.text))] : [];
  if (!setting || names.length === 0 || (names.length === 1 && names[0] === 'none')) return { ok: true, value: [] };
  const profiles: Profile[] = [];
  for (const name of names) {
    const profile = layers.catalogue.profiles.get(name);
    if (!profile) {
      const suggestion = nearest(name, layers.catalogue.profiles.keys());
      return { ok: false, reason: { code: 'unknown-profile', name, source: setting.source, nearest: suggestion } };
    }
    profiles.push(profile);
  }
  return { ok: true, value: profiles };
}

/** A profile's parameters for one container: every one that has a value, each with its source. */
export type Parameters = ReadonlyMap<string, Setting>;

/** The bare values, for templates. */
export function textsOf(parameters: Parameters): ReadonlyMap<string, string> {
  return new Map([...parameters].map(([name, setting]) => [name, setting.text]));
}

/** Resolves and checks all parameters of a profile; the first that is missing or wrong is the reason. */
export function parametersFor(layers: Layers, profile: Profile, container: string): Choice<Parameters> {
  const values = new Map<string, Setting>();
  for (const parameter of profile.parameters.values()) {
    const setting = lookUp(layers, parameter.name, container) ?? defaultOf(parameter.default);
    if (setting) {
      if (!accepts(parameter, setting.text)) {
        return { ok: false, reason: invalid(parameter.name, setting, expectation(parameter)) };
      }
      values.set(parameter.name, setting);
    } else if (parameter.required) {
      return { ok: false, reason: { code: 'missing-parameter', parameter: parameter.name, profile: profile.name } };
    }
  }
  return { ok: true, value: values };
}

function defaultOf(value: string | number | boolean | undefined): Setting | undefined {
  return value === undefined ? undefined : { text: String(value), source: { from: 'profile' } };
}

function invalid(setting: string, found: Setting | undefined, expected: string): Reason {
  const { text, source }: Setting = found ?? { text: '', source: { from: 'profile' } };
  return { code: 'invalid-value', setting, value: text, source, expected };
}

/** As many notices as are ever shown, and some: a pod can carry ten thousand annotations. */
export const MOST_NOTICES = 10;

/** Labels and annotations under our prefix that mean nothing, each with what would. The first few, when there are many. */
export function unknownKeysIn({ pod, namespace, catalogue }: Layers): readonly Reason[] {
  return [
    ...unknownLabels(labelsOf(pod)),
    ...unknownKeys(namespace.annotations, 'namespace', catalogue, pod),
    ...unknownKeys(annotationsOf(pod), 'pod', catalogue, pod),
  ];
}

function unknownLabels(labels: Readonly<Record<string, string>>): readonly Reason[] {
  const found: Reason[] = [];
  for (const label in labels) {
    if (!label.startsWith(`${PREFIX}/`) || found.length === MOST_NOTICES) continue;
    const value = labels[label] ?? '';
    if (label !== INJECTION_LABEL) {
      found.push({ code: 'unknown-label', label, value, expected: 'settings are annotations' });
    } else if (value !== 'disabled' && value !== 'required') {
      found.push({ code: 'unknown-label', label, value, expected: 'it may be disabled or required' });
    }
  }
  return found;
}

/** Parameters, and the settings whose row says so, may be set for one container, on the pod. */
function perContainer(setting: string, on: 'namespace' | 'pod'): boolean {
  return on === 'pod' && keyTable.every((row) => row.name !== setting || row.on.includes('container'));
}

function unknownKeys(
  annotations: Readonly<Record<string, string>>,
  on: 'namespace' | 'pod',
  catalogue: Catalogue,
  pod: Pod,
): readonly Reason[] {
  const found: Reason[] = [];
  let names: ReadonlySet<string> | undefined;
  for (const written in annotations) {
    const parsed = parseKey(written);
    if (!parsed) continue;
    if (found.length === MOST_NOTICES) break;
    const { setting, container } = parsed;
    if (!catalogue.knownSettings.has(setting) || (container !== undefined && !perContainer(setting, on))) {
      found.push({ code: 'unknown-annotation', key: written, on, nearest: nearest(setting, catalogue.knownSettings) });
    } else if (container !== undefined) {
      names ??= new Set(containersOf(pod).map(({ name }) => name));
      if (names.has(container)) continue;
      const source: Source = { from: on, key: written };
      found.push({ code: 'container-not-found', pattern: container, source, nearest: nearest(container, names) });
    }
  }
  return found;
}
