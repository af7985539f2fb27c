import { isOptedIn } from '../../admission/opt-in.ts';
import { NAMESPACE_NAME_LABEL, POD_SECURITY_ENFORCE_LABEL } from '../../kubernetes/labels.ts';
import { settingNames } from '../../api/key-table.ts';
import { INJECTION_LABEL, parseKey, REVISION_LABEL } from '../../api/keys.ts';
import { MAX_NAMESPACE_LENGTH, MAX_VALUE_LENGTH, type Namespace } from '../../kubernetes/namespace.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { isRequestAnnotation } from '../../settings/agent-requests.ts';
import { labelSources, misspelledKey } from '../../settings/misspelled-keys.ts';
import { MAX_NOTICES } from '../../settings/unknown-keys.ts';

type Entries = Readonly<Record<string, string>>;

/** Shared by all namespaces without entries: most of them, in a large cluster. */
const NO_ENTRIES: Entries = Object.freeze({});

/** The API server accepts a prefix of 253 characters and a name of 63. */
const MAX_KEY_LENGTH = 317;

const READ_LABELS: ReadonlySet<string> = new Set([
  INJECTION_LABEL,
  REVISION_LABEL,
  NAMESPACE_NAME_LABEL,
  POD_SECURITY_ENFORCE_LABEL,
]);

const OWN_SETTINGS: ReadonlySet<string> = new Set(settingNames);

/**
 * Reduces a Namespace object to its name, its labels, and the annotations that affect a decision, of bounded size. Undefined without a name. A value
 * that is too long is left out, and its key is listed in `tooLong`.
 */
export function toNamespace(object: JsonObject): Namespace | undefined {
  const { metadata } = object;
  if (!isObject(metadata) || typeof metadata['name'] !== 'string' || metadata['name'] === '') return undefined;
  const { annotations, tooLong } = pickAnnotations(metadata['annotations']);
  const labels = pickLabels(metadata['labels']);
  return { name: metadata['name'], labels, annotations, ...(tooLong.length > 0 && { tooLong }) };
}

/** Like `toNamespace`, for the server: of a namespace that is not opted in, only what tells that its label is misspelled is kept. */
export function toServedNamespace(object: JsonObject): Namespace | undefined {
  const namespace = toNamespace(object);
  if (!namespace || isOptedIn(namespace)) return namespace;
  const { name, labels, annotations } = namespace;
  const { label, annotation } = labelSources(namespace);
  return { name, labels: only(labels, label), annotations: only(annotations, annotation) };
}

/** In characters, without what every namespace takes. */
export function sizeOfNamespace({ labels, annotations, tooLong = [] }: Namespace): number {
  const texts = [...Object.entries(labels), ...Object.entries(annotations), tooLong].flat();
  return texts.reduce((size, text) => size + text.length, 0);
}

function only(entries: Entries, name: string | undefined): Entries {
  return name === undefined ? NO_ENTRIES : { [name]: entries[name] ?? '' };
}

function pickLabels(map: Json | undefined): Entries {
  const all = textsIn(map);
  const read = all.filter(([name]) => READ_LABELS.has(name));
  const rest = all.filter(([name]) => !READ_LABELS.has(name));
  // Any other label of ours is a mistake, and a few of them are enough to say so.
  const mistakes = rest.filter(([name]) => isMistake(name)).slice(0, MAX_NOTICES);
  let room = MAX_NAMESPACE_LENGTH;
  // Those of others are for the selectors of targets.
  const others = rest.filter(([name, value]) => !isMistake(name) && (room -= name.length + value.length) >= 0);
  const entries = [...read, ...mistakes, ...others].map(
    ([name, value]) => [name, value.slice(0, MAX_VALUE_LENGTH)] as const,
  );
  return entries.length === 0 ? NO_ENTRIES : Object.fromEntries(entries);
}

function isMistake(label: string): boolean {
  return parseKey(label) !== undefined || misspelledKey(label) !== undefined;
}

function pickAnnotations(map: Json | undefined): {
  readonly annotations: Entries;
  readonly tooLong: readonly string[];
} {
  const candidates = textsIn(map).filter(([name]) => name.length <= MAX_KEY_LENGTH && isReadAnnotation(name));
  // The settings that turn injection on and off come first: parameters and mistakes cannot crowd them out.
  const ordered = [...candidates.filter(isOwnSetting), ...candidates.filter((entry) => !isOwnSetting(entry))];
  const entries: [string, string][] = [];
  const tooLong: string[] = [];
  let room = MAX_NAMESPACE_LENGTH;
  for (const [name, value] of ordered) {
    const isKept = value.length <= MAX_VALUE_LENGTH && name.length + value.length <= room;
    if (!isKept && tooLong.length < MAX_NOTICES) tooLong.push(name);
    // A key without its value is enough for a suggestion.
    if (isKept || tooLong.at(-1) === name) entries.push([name, isKept ? value : '']);
    room -= isKept ? name.length + value.length : 0;
  }
  return { annotations: entries.length === 0 ? NO_ENTRIES : Object.fromEntries(entries), tooLong };
}

function isOwnSetting([name]: readonly [string, string]): boolean {
  return OWN_SETTINGS.has(parseKey(name)?.setting ?? '');
}

/** Ours, and those by which a namespace asks another injector for an agent. */
function isReadAnnotation(name: string): boolean {
  return parseKey(name) !== undefined || isRequestAnnotation(name) || misspelledKey(name) !== undefined;
}

function textsIn(map: Json | undefined): readonly (readonly [string, string])[] {
  if (!isObject(map)) return [];
  return Object.entries(map).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as const] : []));
}
