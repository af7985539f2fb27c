import { distance } from 'fastest-levenshtein';
import { containerKey, INJECTION_LABEL, key, parseKey, PREFIX } from '../api/keys.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import { isObject, type Json, type JsonObject } from '../lib/json.ts';
import { nearest } from '../lib/suggest.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import type { Reason } from '../reasons/reason.ts';

// What is a typing error away from meaning something. It means nothing, but whoever wrote it is to be told what would.

/** Our prefix without what people leave out and mix up. */
const BARE = bare(PREFIX);

/** Longer ones are not compared: a pod can carry thousands of annotations. */
const MAX_PREFIX_LENGTH = 40;

/**
 * The key of ours that a label or an annotation was probably meant to be, though its prefix is not ours: `agent-injector/profile`,
 * `agentinjector.io/profile`, `Agent-Injector.io/profile`. Undefined for our own keys and for everybody else's.
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
  // Nobody mistypes the first letter; and most keys of a pod are told apart by it.
  if (prefix[0] !== 'a' && prefix[0] !== 'A') return false;
  const word = bare(prefix);
  return word === 'agentinjector' || (Math.abs(word.length - BARE.length) <= 2 && distance(word, BARE) <= 2);
}

function bare(prefix: string): string {
  return prefix.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** What people write for "on" and for "off" where the label wants a word of ours. */
const ON = new Set(['true', 'yes', 'on', '1', 'enable', 'enabled', 'required', 'inject', 'injected']);

const OFF = new Set(['', 'false', 'no', 'off', '0', 'none', 'disable', 'disabled', 'never']);

/** The values of the label that turn injection on for a namespace. */
const VALUES = ['enabled', 'required'];

/**
 * The label, as it must be written, that a namespace was probably meant to carry: the value is almost right, or the key is, or it stands among
 * the annotations. Undefined where injection is on, or switched off on purpose, or not spoken of.
 */
export function intendedLabel({ labels, annotations }: Namespace): string | undefined {
  const value = labels[INJECTION_LABEL];
  if (value !== undefined) return VALUES.includes(value) ? undefined : meantBy(value);
  for (const name in labels) if (isAlmostInjection(name)) return meantBy(labels[name] ?? '');
  for (const name in annotations) {
    if (name === INJECTION_LABEL || misspelledKey(name) === INJECTION_LABEL) return meantBy(annotations[name] ?? '');
  }
  return undefined;
}

/** `inject` is an annotation; as a label it can only have been meant as this one. */
function isAlmostInjection(name: string): boolean {
  const ours = misspelledKey(name) ?? name;
  if (!ours.startsWith(`${PREFIX}/`)) return false;
  const setting = ours.slice(PREFIX.length + 1);
  return setting === 'inject' || nearest(setting, ['injection']) !== undefined;
}

function meantBy(value: string): string | undefined {
  const word = value.toLowerCase();
  if (OFF.has(word)) return undefined;
  const meant = nearest(word, VALUES) ?? (ON.has(word) ? 'enabled' : undefined);
  return meant === undefined ? undefined : `${INJECTION_LABEL}=${meant}`;
}

/** As many as are ever told. */
const MAX_MISPLACED = 10;

/**
 * Settings of ours on a workload itself, where they mean nothing: only what stands on its pod template reaches a pod. What stands on the
 * template, too, is no mistake. The workload's metadata are as untrusted as the file or the object that they come from.
 */
export function misplacedKeys(
  workload: { readonly kind: string; readonly name: string; readonly metadata: Json | undefined },
  template: Json | undefined,
  { knownSettings }: Pick<Catalogue, 'knownSettings'>,
): readonly Reason[] {
  const { kind, name } = workload;
  const found = (as: 'label' | 'annotation', isOurs: (key: string) => boolean): readonly Reason[] => {
    const there = textsOf(template, as);
    return Object.keys(textsOf(workload.metadata, as))
      .filter((one) => isOurs(one) && !Object.hasOwn(there, one))
      .slice(0, MAX_MISPLACED)
      .map((one) => ({ code: 'misplaced-key', as, key: one, kind, name }));
  };
  return [
    ...found('label', (one) => one === INJECTION_LABEL),
    ...found('annotation', (one) => {
      const parsed = parseKey(one);
      return parsed !== undefined && parsed.setting !== 'status' && knownSettings.has(parsed.setting);
    }),
  ];
}

function textsOf(metadata: Json | undefined, as: 'label' | 'annotation'): JsonObject {
  const texts = isObject(metadata) ? metadata[`${as}s`] : undefined;
  return isObject(texts) ? texts : {};
}
