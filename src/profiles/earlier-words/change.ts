import { isObject, type Json, type JsonObject } from '../../lib/json.ts';

/** One word of earlier profiles, where it stands, and what it is now. The paths are those of the document as it is written. */
export type WordChange =
  /** A field of the object at the path has another name. */
  | { readonly kind: 'field'; readonly path: readonly PropertyKey[]; readonly from: string; readonly to: string }
  /** The text at the path is another one. */
  | { readonly kind: 'value'; readonly path: readonly PropertyKey[]; readonly from: string; readonly to: string }
  /** The object at the path had its kind in a field, and has a member of that name. */
  | MemberChange
  /** A field of the kind, in an object that does not say which one it is: only its author knows, or the profile that it extends. */
  | { readonly kind: 'unplaced'; readonly path: readonly PropertyKey[]; readonly from: string };

export interface MemberChange {
  readonly kind: 'member';
  readonly path: readonly PropertyKey[];
  /** The field with the kind, and its value. */
  readonly tag: string;
  readonly value: string;
  readonly member: string;
  readonly content: MemberContent;
}

export type MemberContent =
  /** An object of all fields but those of `beside`; some have other names in it. */
  | { readonly beside: readonly string[]; readonly names: Readonly<Record<string, string>> }
  /** The value of this field. */
  | { readonly field: string }
  /** Always the same. */
  | { readonly constant: true };

/** The document in the words of now. Neither it nor the changes are changed. */
export function applyChanges(document: Json, changes: readonly WordChange[]): Json {
  // What is further inside comes first, so that the paths of the others stay true.
  return changes
    .toSorted((one, other) => other.path.length - one.path.length)
    .reduce((json, change) => at(json, change.path, (found) => changed(found, change)), document);
}

function at(json: Json, [step, ...rest]: readonly PropertyKey[], change: (found: Json) => Json): Json {
  if (step === undefined) return change(json);
  if (Array.isArray(json)) return json.map((item: Json, index) => (index === step ? at(item, rest, change) : item));
  if (!isObject(json)) return json;
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [name, name === step ? at(value ?? null, rest, change) : value]),
  );
}

function changed(found: Json, change: WordChange): Json {
  if (change.kind === 'value') return change.to;
  if (!isObject(found) || change.kind === 'unplaced') return found;
  return change.kind === 'member' ? withMember(found, change) : renamed(found, { [change.from]: change.to });
}

function renamed(object: JsonObject, names: Readonly<Record<string, string>>): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [names[name] ?? name, value]));
}

function withMember(object: JsonObject, { tag, member, content }: MemberChange): JsonObject {
  const { [tag]: _tag, ...fields } = object;
  if ('constant' in content) return { ...fields, [member]: content.constant };
  if ('field' in content) return renamed(fields, { [content.field]: member });
  const isBeside = ([name]: readonly [string, unknown]): boolean => content.beside.includes(name);
  const entries = Object.entries(fields);
  const inside = Object.fromEntries(entries.filter((entry) => !isBeside(entry)));
  return { ...Object.fromEntries(entries.filter(isBeside)), [member]: renamed(inside, content.names) };
}

/** The field that an earlier word is, or that it is the value of. */
export function wordOf(change: WordChange): string {
  return change.kind === 'member' ? change.tag : change.from;
}

/** What was written, and what it is now. */
export function changeText(change: WordChange): string {
  if (change.kind === 'unplaced')
    return `"${change.from}" is in the member for the kind of the delivery now, as in image: {reference: …}`;
  if (change.kind !== 'member') return `"${change.from}" is "${change.to}" now`;
  const { tag, value, member, content } = change;
  if ('constant' in content) return `"${tag}: ${value}" is "${member}: true" now`;
  return `"${tag}: ${value}" is the member "${member}" now: {${member}: ${'field' in content ? '…' : '{…}'}}`;
}
