import type { Parameter } from '../api/profile/parameter.ts';
import { accepts, expectation } from '../profiles/parameter.ts';
import type { Profile } from '../profiles/profile.ts';
import { parseTemplate, render, type Template } from '../profiles/template.ts';
import type { Result } from '../lib/result.ts';
import type { Reason, Setting, Source } from '../reasons/reason.ts';
import { settingChain, invalidSetting, type SettingSources } from './resolve.ts';

/** Who may say something: everybody, unless a profile says otherwise. */
type Setter = Exclude<Source['from'], 'profile'>;

/** A profile's parameters for one container: every one that has a value, each with its source. */
export type Parameters = ReadonlyMap<string, Setting>;

/** The bare values, for templates. */
export function parameterTexts(parameters: Parameters): ReadonlyMap<string, string> {
  return new Map([...parameters].map(([name, setting]) => [name, setting.text]));
}

/** The values of a profile's parameters, or the reason why not, and what was passed over on the way. */
export interface ResolvedParameters {
  readonly parameters: Result<Parameters, Reason>;
  readonly notices: readonly Reason[];
}

/** Resolves and checks all parameters of a profile; the first that is missing or wrong is the reason. Defaults may refer to facts. */
export function parametersFor(
  sources: SettingSources,
  profile: Profile,
  container: string,
  facts: ReadonlyMap<string, string>,
): ResolvedParameters {
  const parameters = new Map<string, Setting>();
  const notices: Reason[] = [];
  for (const parameter of profile.parameters.values()) {
    const setting = firstAllowed(
      valueChain({ sources, profile, container, builtins: facts }, parameter),
      parameter.name,
      notices,
    );
    if (setting) {
      if (!accepts(parameter, setting.text)) {
        const reason = invalidSetting(parameter.name, setting, expectation(parameter));
        return { parameters: { ok: false, error: reason }, notices };
      }
      parameters.set(parameter.name, setting);
    } else if (parameter.required) {
      const reason: Reason = { code: 'missing-parameter', parameter: parameter.name, profile: profile.name };
      return { parameters: { ok: false, error: reason }, notices };
    }
  }
  return { parameters: { ok: true, value: parameters }, notices };
}

/** A value, and whether the profile lets whoever gives it give it. */
export interface ParameterValue extends Setting {
  readonly allowed: boolean;
}

/** Whose parameters are asked for. */
export interface ParameterQuery {
  readonly sources: SettingSources;
  readonly profile: Profile;
  readonly container: string | undefined;
  readonly builtins: ReadonlyMap<string, string>;
}

/**
 * Every value of a parameter, the strongest first, the profile's default last. The first one that is allowed counts. In each place
 * `<parameter>.<profile>` is stronger than `<parameter>`: two agents may mean different things by one name.
 */
export function* valueChain(
  { sources, profile, container, builtins: facts }: ParameterQuery,
  parameter: Parameter,
): Generator<ParameterValue, undefined> {
  for (const setting of settingChain(sources, namesOf(profile, parameter), container)) {
    const { source } = setting;
    yield { ...setting, allowed: source.from === 'profile' || isSetter(parameter.settableBy, source.from) };
  }
  const fallback = defaultOf(parameter, facts);
  if (fallback) yield { ...fallback, allowed: true };
  return undefined;
}

// Names and templates follow from the profile alone, and are asked for by every review.
const names = new WeakMap<Profile, Map<string, readonly string[]>>();

const templates = new WeakMap<Parameter, Template>();

function namesOf(profile: Profile, { name }: Parameter): readonly string[] {
  const known = names.get(profile) ?? new Map<string, readonly string[]>();
  names.set(profile, known);
  const both = known.get(name) ?? [`${name}.${profile.name}`, name];
  known.set(name, both);
  return both;
}

function templateOf(parameter: Parameter, text: string): Template {
  const known = templates.get(parameter) ?? parseTemplate(text);
  templates.set(parameter, known);
  return known;
}

/** The strongest value of those who may give one; the others are told. */
function firstAllowed(values: Iterable<ParameterValue>, parameter: string, notices: Reason[]): Setting | undefined {
  for (const { allowed, text, source } of values) {
    if (allowed) return { text, source };
    notices.push({ code: 'parameter-locked', parameter, source });
  }
  return undefined;
}

function isSetter(settableBy: readonly Setter[], from: Setter): boolean {
  return settableBy.includes(from);
}

function defaultOf(parameter: Parameter, facts: ReadonlyMap<string, string>): Setting | undefined {
  const { default: value } = parameter;
  if (value === undefined) return undefined;
  const text = typeof value === 'string' ? render(templateOf(parameter, value), facts) : String(value);
  return { text, source: { from: 'profile' } };
}
