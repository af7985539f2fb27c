import { PROFILE_API_VERSION, PROFILE_KIND, type Level } from '../api/keys.ts';
import type { Parameter } from '../api/profile/parameter.ts';
import { type Json, type JsonObject, textIn } from '../lib/json.ts';
import type { Profile } from '../profiles/profile.ts';
import { STRICT, levelsOfParameter } from '../profiles/tenancy/policy.ts';
import { acceptsIn, expectationIn } from '../profiles/variables/list-values.ts';
import type { AgentDraft, Wish, WishedVariable } from './agent-draft.ts';
import { IN_CLEAR, isCredential } from './credentials.ts';
import type { Place } from './model.ts';

/** What cannot be said: `key` is the name of the setting or variable. */
export interface Misfit {
  readonly at: Place;
  readonly why: string;
  readonly todo: string;
}

export interface Placed {
  /** Annotations without their prefix. */
  readonly annotations: ReadonlyMap<string, string>;
  /** The spec of a profile that extends the base; undefined if annotations say everything. */
  readonly spec: JsonObject | undefined;
  readonly misfits: readonly Misfit[];
}

/** Settings that are no parameters, and fit every profile. */
const GENERAL: ReadonlySet<string> = new Set(['delivery', 'libc', 'containers']);

/**
 * Divides what a draft says into annotations, for what a namespace or a pod may set with the default tenancy, and the spec of a profile that extends
 * the base, for the rest: images, names of Secrets, variables of other names, fields of deliveries.
 */
export function place(draft: AgentDraft, base: Profile, level: Extract<Level, 'namespace' | 'pod'>): Placed {
  const annotations = new Map<string, string>();
  const misfits: Misfit[] = [];
  const parameters = [...draft.parameters];
  for (const [name, wish] of draft.settings) {
    const parameter = base.parameters.get(name);
    const misfit = GENERAL.has(name) ? undefined : misfitOf(wish, name, base, parameter);
    if (misfit) misfits.push(misfit);
    else if (!parameter || levelsOfParameter(STRICT, base, parameter).levels.includes(level)) {
      if (!isDefault(parameter, wish)) annotations.set(name, wish.text);
    } else if (!isDefault(parameter, wish)) parameters.push({ name, default: wish.text });
  }
  const wished = [...draft.variables.values()];
  misfits.push(
    ...wished.filter(isTemplate).map(({ at }) => ({ at, why: DOLLAR, todo: 'set the variable in the pod' })),
  );
  misfits.push(...wished.filter(isInClear).map(({ at }) => ({ at, ...IN_CLEAR })));
  const { words, environment } = divide(
    wished.filter((one) => !isTemplate(one) && !isInClear(one)),
    base,
  );
  if (words.length > 0) annotations.set(VARIABLES, words.join(' '));
  const deliveries = deliveriesOf(draft, base);
  const lists: readonly (readonly [string, readonly Json[]])[] = [
    ['parameters', parameters],
    ['deliveries', deliveries],
    ['objects', draft.objects],
    ['environment', [...draft.nodeVariables, ...environment, ...optionsOf(draft)]],
  ];
  const filled = lists.filter(([, list]) => list.length > 0);
  return {
    annotations,
    spec: filled.length === 0 ? undefined : { extends: base.name, ...Object.fromEntries(filled) },
    misfits,
  };
}

export function profileDocument(name: string, spec: JsonObject): JsonObject {
  return { apiVersion: PROFILE_API_VERSION, kind: PROFILE_KIND, metadata: { name }, spec };
}

const VARIABLES = 'variables';

function misfitOf(
  { text, at }: Wish,
  name: string,
  base: Profile,
  parameter: Parameter | undefined,
): Misfit | undefined {
  if (!parameter)
    return {
      at,
      why: `${base.name} has no setting ${name}`,
      todo: 'set the variable in the pod, or in a profile that extends this one',
    };
  if (acceptsIn(base, parameter, text)) return undefined;
  return {
    at,
    why: `${name} must be ${expectationIn(base, parameter)}`,
    todo: `choose a value, and annotate the namespace or the pod with agent-injector.io/${name}`,
  };
}

function isDefault(parameter: Parameter | undefined, { text }: Wish): boolean {
  return parameter?.default !== undefined && String(parameter.default) === text;
}

/** Variables that the parameter `variables` of the base accepts together are words of it; the others are entries of a profile. */
function divide(
  wished: readonly WishedVariable[],
  base: Profile,
): { readonly words: readonly string[]; readonly environment: readonly Json[] } {
  const parameter = base.parameters.get(VARIABLES);
  const words: string[] = [];
  const environment: Json[] = [];
  for (const { entry } of wished) {
    const word = `${textIn(entry, 'name')}=${textIn(entry, 'value')}`;
    const isWord = entry['valueFrom'] === undefined && !word.includes('$(');
    if (isWord && parameter && acceptsIn(base, parameter, [...words, word].join(' '))) words.push(word);
    else environment.push(...entriesFor(entry, base));
  }
  return { words, environment };
}

/** A variable that the base adds to is added to, as well; of any other one the value is set. */
function entriesFor(entry: JsonObject, base: Profile): readonly Json[] {
  const name = textIn(entry, 'name');
  const inherited = base.environment.find((one) => one.name === name);
  if (!inherited) return [entry];
  const { when, operation } = inherited;
  if (operation.kind !== 'set' && operation.kind !== 'force') return [{ ...entry, operation: operation.kind }];
  // Another reference, or a value in place of one, would be merged with the inherited reference.
  const isMerged = when === undefined && 'text' in operation.value && entry['valueFrom'] === undefined;
  return isMerged ? [entry] : [{ name, remove: true }, entry];
}

function optionsOf({ options }: AgentDraft): readonly Json[] {
  return options.length === 0 ? [] : [{ name: 'JAVA_TOOL_OPTIONS', operation: 'append', value: options.join(' ') }];
}

const DOLLAR = 'the value has a `${`, which names a parameter in a profile';

function isTemplate({ entry: { value } }: WishedVariable): boolean {
  return typeof value === 'string' && value.includes('${');
}

function isInClear({ entry }: WishedVariable): boolean {
  return entry['valueFrom'] === undefined && isCredential(textIn(entry, 'name'), textIn(entry, 'value'));
}

/** The parameters without which the base is not injected, and that the draft says nothing about. */
export function missingParameters({ settings, parameters }: AgentDraft, base: Profile): readonly string[] {
  return [...base.parameters.values()]
    .filter((one) => one.required && one.default === undefined && !settings.has(one.name))
    .map(({ name }) => name)
    .filter((name) => !parameters.some((one) => one['name'] === name));
}

/** The fields of deliveries that other products know. */
const fieldsOfDelivery: Readonly<Record<string, readonly string[]>> = {
  image: ['pullPolicy'],
  initContainer: ['pullPolicy', 'requests', 'limits', 'sizeLimit'],
  ephemeral: ['pullPolicy', 'requests', 'limits', 'size', 'storageClassName'],
};

function deliveriesOf({ delivery }: AgentDraft, base: Profile): readonly Json[] {
  return base.deliveries.flatMap(({ kind, name }): readonly Json[] => {
    const known = fieldsOfDelivery[kind] ?? [];
    const fields = [...delivery].filter(([field]) => known.includes(field));
    return fields.length === 0 ? [] : [{ [kind]: Object.fromEntries(fields), ...(name !== kind && { name }) }];
  });
}
