import { isObject, type Json, type JsonObject, textIn } from '../lib/json.ts';
import type { Place } from './model.ts';

export interface Wish {
  readonly text: string;
  readonly at: Place;
}

export interface WishedVariable {
  /** As in the environment of a pod: `name` with `value` or `valueFrom`. */
  readonly entry: JsonObject;
  readonly at: Place;
}

/** What another product says about one agent, in our words: settings, further variables, and what only a profile can say. */
export class AgentDraft {
  readonly settings = new Map<string, Wish>();
  readonly variables = new Map<string, WishedVariable>();
  /** Fields of the deliveries that have them. */
  readonly delivery = new Map<string, Json>();
  readonly parameters: JsonObject[] = [];
  readonly objects: JsonObject[] = [];
  /** Options of the JVM. */
  readonly options: string[] = [];
  /** Variables that the values of parameters refer to. */
  readonly nodeVariables: JsonObject[] = [];

  /** The first value of a setting stays. */
  set(name: string, text: string, at: Place): void {
    if (text !== '' && !this.settings.has(name)) this.settings.set(name, { text, at });
  }

  /** The first value of a variable stays, as in the pods of all these products. */
  setVariable(entry: JsonObject, at: Place): void {
    const name = textIn(entry, 'name');
    if (name !== '' && !this.variables.has(name)) this.variables.set(name, { entry, at });
  }

  /** Adds what another draft says and this one does not. */
  complete(other: AgentDraft): this {
    const { settings, variables, delivery } = other;
    for (const [name, { text, at }] of settings) this.set(name, text, at);
    // What is common to several languages comes first.
    const all = [...variables, ...this.variables];
    this.variables.clear();
    for (const [name, wish] of all) this.variables.set(name, wish);
    for (const [name, value] of delivery) if (!this.delivery.has(name)) this.delivery.set(name, value);
    this.parameters.push(...other.parameters);
    this.objects.push(...other.objects);
    this.options.push(...other.options);
    this.nodeVariables.push(...other.nodeVariables);
    return this;
  }
}

/** What a variable of another product is for: a setting of ours. Undefined: nothing else than a variable. */
export type VariableSettings = (name: string, value: string) => readonly (readonly [setting: string, text: string])[];

/** Puts variables that are settings here among the settings. */
export function addVariables(draft: AgentDraft, list: Json, at: Place, settingsOf: VariableSettings = () => []): void {
  if (!Array.isArray(list)) return;
  for (const [index, entry] of list.entries()) {
    const place = { ...at, path: [...at.path, index] };
    const item: Json = entry;
    if (isObject(item)) addVariable(draft, item, place, settingsOf);
  }
}

export function addVariable(
  draft: AgentDraft,
  entry: JsonObject,
  at: Place,
  settingsOf: VariableSettings = () => [],
): void {
  const settings = entry['valueFrom'] === undefined ? settingsOf(textIn(entry, 'name'), textIn(entry, 'value')) : [];
  if (settings.length === 0) draft.setVariable(entry, at);
  for (const [setting, text] of settings) draft.set(setting, text, at);
}
