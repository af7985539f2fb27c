import { distance } from 'fastest-levenshtein';
import { containerKey, DISABLED, ENABLED, INJECTION_LABEL, key, parseKey, PREFIX, REQUIRED } from '../api/keys.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import { isObject, type Json, type JsonObject } from '../lib/json.ts';
import { nearest } from '../lib/suggest.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import type { Reason } from '../reasons/reason.ts';

const LETTERS_OF_PREFIX = letters(PREFIX);

/** Longer prefixes are not compared: a pod can have thousands of annotations. */
const MAX_PREFIX_LENGTH = 40;

/**
 * Corrects a key whose prefix is misspelled: `agent-injector/profile`, `agentinjector.io/profile`, `Agent-Injector.io/profile`. Undefined for
 * correct keys and for keys with another prefix.
 */
export function misspelledKey(text: string): string | undefined {
  const slash = text.indexOf('/');
  if (slash < 1 || slash > MAX_PREFIX_LENGTH || text.startsWith(`${PREFIX}/`)) return undefined;
  const prefix = text.slice(0, slash);
  const name = text.slice(slash + 1);
  if (isAlmostPrefix(prefix)) return key(name.toLowerCase());
  const dot = prefix.indexOf('.');
  const rest = prefix.slice(dot + 1);
  return dot > 0 && rest !== PREFIX && isAlmostPrefix(rest)
    ? containerKey(prefix.slice(0, dot).toLowerCase(), name)
    : undefined;
}

function isAlmostPrefix(prefix: string): boolean {
  // The first letter is never misspelled, and this check excludes most keys of a pod.
  if (prefix[0] !== 'a' && prefix[0] !== 'A') return false;
  const word = letters(prefix);
  const lengthDifference = Math.abs(word.length - LETTERS_OF_PREFIX.length);
  return word === 'agentinjector' || (lengthDifference <= 2 && distance(word, LETTERS_OF_PREFIX) <= 2);
}

function letters(prefix: string): string {
  return prefix.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

const ON = new Set(['true', 'yes', 'on', '1', 'enable', ENABLED, REQUIRED, 'inject', 'injected']);

const OFF = new Set(['', 'false', 'no', 'off', '0', 'none', 'disable', DISABLED, 'never']);

const VALUES = [ENABLED, REQUIRED];

/**
 * Suggests the injection label for a namespace with a misspelled key or value, or with the label among its annotations. Undefined if injection
 * is on, off on purpose, or not mentioned.
 */
export function intendedLabel(namespace: Pick<Namespace, 'labels' | 'annotations'>): string | undefined {
  const { label, annotation } = labelSources(namespace);
  if (annotation !== undefined) return labelFor(namespace.annotations[annotation] ?? '');
  if (label === undefined) return undefined;
  const value = namespace.labels[label] ?? '';
  return label === INJECTION_LABEL && VALUES.includes(value) ? undefined : labelFor(value);
}

/** Names the label that turns injection on, or the label or annotation that was probably meant to be it. */
export function labelSources({ labels, annotations }: Pick<Namespace, 'labels' | 'annotations'>): {
  readonly label?: string;
  readonly annotation?: string;
} {
  if (labels[INJECTION_LABEL] !== undefined) return { label: INJECTION_LABEL };
  for (const label in labels) if (isAlmostInjection(label)) return { label };
  for (const annotation in annotations) {
    if (annotation === INJECTION_LABEL || misspelledKey(annotation) === INJECTION_LABEL) return { annotation };
  }
  return {};
}

/** `inject` is an annotation; as a label it can only mean `injection`. */
function isAlmostInjection(name: string): boolean {
  const corrected = misspelledKey(name) ?? name;
  if (!corrected.startsWith(`${PREFIX}/`)) return false;
  const setting = corrected.slice(PREFIX.length + 1);
  return setting === 'inject' || nearest(setting, ['injection']) !== undefined;
}

function labelFor(value: string): string | undefined {
  const word = value.toLowerCase();
  if (OFF.has(word)) return undefined;
  const intended = nearest(word, VALUES) ?? (ON.has(word) ? ENABLED : undefined);
  return intended === undefined ? undefined : `${INJECTION_LABEL}=${intended}`;
}

const MAX_MISPLACED = 10;

/**
 * Finds keys on a workload itself, where they have no effect, unless its pod template has them too. The metadata of the workload is as untrusted
 * as its source.
 */
export function misplacedKeys(
  workload: { readonly kind: string; readonly name: string; readonly metadata: Json | undefined },
  template: Json | undefined,
  { knownSettings }: Pick<Catalogue, 'knownSettings'>,
): readonly Reason[] {
  const { kind, name } = workload;
  const misplaced = (as: 'label' | 'annotation', isOurs: (text: string) => boolean): readonly Reason[] => {
    const onTemplate = textsOf(template, as);
    return Object.keys(textsOf(workload.metadata, as))
      .filter((found) => isOurs(found) && !Object.hasOwn(onTemplate, found))
      .slice(0, MAX_MISPLACED)
      .map((found) => ({ code: 'misplaced-key', as, key: found, kind, name }));
  };
  return [
    ...misplaced('label', (text) => text === INJECTION_LABEL),
    ...misplaced('annotation', (text) => {
      const parsed = parseKey(text);
      return parsed !== undefined && knownSettings.has(parsed.setting);
    }),
  ];
}

function textsOf(metadata: Json | undefined, as: 'label' | 'annotation'): JsonObject {
  const texts = isObject(metadata) ? metadata[`${as}s`] : undefined;
  return isObject(texts) ? texts : {};
}
