import type { Fact, Parameter } from '../api/profile/parameter.ts';
import type { Result } from '../lib/result.ts';
import { annotationsOf, labelsOf, type Pod } from '../kubernetes/pod.ts';
import { acceptsIn, expectationIn } from '../profiles/variables/list-values.ts';
import type { Profile } from '../profiles/profile.ts';
import { levelsOfParameter, type ParameterLevels } from '../profiles/tenancy/policy.ts';
import { parseTemplate, renderIfGiven, type Template } from '../profiles/template.ts';
import type { Reason, Setting, Source } from '../reasons/reason.ts';
import { isCanaryValue } from './canary.ts';
import { countsFrom } from './levels.ts';
import { settingChain, invalidSetting, type SettingSources } from './resolve.ts';

export type Parameters = ReadonlyMap<string, Setting>;

export function parameterTexts(parameters: Parameters): ReadonlyMap<string, string> {
  return new Map([...parameters].map(([name, setting]) => [name, setting.text]));
}

interface ResolvedParameters {
  readonly parameters: Result<Parameters, Reason>;
  readonly notices: readonly Reason[];
}

/** Resolves and validates all parameters of a profile; the first one that is missing or invalid is the reason. */
export function parametersFor(
  sources: SettingSources,
  profile: Profile,
  container: string,
  builtins: ReadonlyMap<string, string>,
): ResolvedParameters {
  const parameters = new Map<string, Setting>();
  const notices: Reason[] = [];
  for (const parameter of profile.parameters.values()) {
    const values = valueChain({ sources, profile, container, builtins }, parameter, notices);
    const locked = (source: Source): Reason =>
      lockedParameter(parameter, source, levelsOfParameter(sources.catalogue.tenancy, profile, parameter));
    const setting = firstAllowed(values, locked, notices);
    if (setting) {
      if (!acceptsIn(profile, parameter, setting.text)) {
        const reason = invalidSetting(parameter.name, setting, expectationIn(profile, parameter));
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

export interface ParameterValue extends Setting {
  readonly allowed: boolean;
}

interface ParameterQuery {
  readonly sources: SettingSources;
  readonly profile: Profile;
  readonly container: string | undefined;
  readonly builtins: ReadonlyMap<string, string>;
}

/**
 * All values of a parameter in order of precedence, the default of the profile last. The first one that is allowed wins. Facts that are no values of
 * the parameter become notices.
 */
export function* valueChain(
  { sources, profile, container, builtins }: ParameterQuery,
  parameter: Parameter,
  notices: Reason[] = [],
): Generator<ParameterValue, undefined> {
  const { levels } = levelsOfParameter(sources.catalogue.tenancy, profile, parameter);
  const facts = parameter.from && levels.includes('pod') ? factsFor(sources.pod, profile, parameter, notices) : [];
  for (const setting of settingChain(sources, namesOf(profile, parameter), container, facts)) {
    const { from } = setting.source;
    if (from === 'cluster' && isCanaryValue(profile, parameter.name)) continue;
    yield { ...setting, allowed: from === 'profile' || countsFrom(from, levels, parameter.name, sources) };
  }
  const fallback = defaultOf(parameter, builtins);
  if (fallback) yield { ...fallback, allowed: true };
  return undefined;
}

/** Characters of a value in a notice. An annotation can have 256 KiB, and each of thousands of containers has the notice. */
const MAX_SHOWN = 100;

/** What the labels and annotations of the pod say of a parameter. Those who may write these may write our annotations, too. None is asked for where another value wins. */
function* factsFor(pod: Pod, profile: Profile, parameter: Parameter, notices: Reason[]): Generator<Setting, undefined> {
  for (const fact of parameter.from ?? []) {
    const { text, source } = factIn(pod, fact);
    if (text === undefined || text === '') continue;
    if (acceptsIn(profile, parameter, text)) {
      yield { text, source };
      continue;
    }
    const expected = expectationIn(profile, parameter);
    const value = text.slice(0, MAX_SHOWN);
    notices.push({ code: 'fact-ignored', parameter: parameter.name, value, source, expected });
  }
  return undefined;
}

function factIn(pod: Pod, fact: Fact): { readonly text: string | undefined; readonly source: Source } {
  return 'label' in fact
    ? { text: labelsOf(pod)[fact.label], source: { from: 'pod', key: fact.label, label: true } }
    : { text: annotationsOf(pod)[fact.annotation], source: { from: 'pod', key: fact.annotation } };
}

// Names and templates depend only on the profile, and every review needs them.
const settingNames = new WeakMap<Profile, Map<string, readonly string[]>>();

const templates = new WeakMap<Parameter, Template>();

/** Two agents may use one name for different things, so a setting can name the profile. */
function namesOf(profile: Profile, { name }: Parameter): readonly string[] {
  const known = settingNames.get(profile) ?? new Map<string, readonly string[]>();
  settingNames.set(profile, known);
  const names = known.get(name) ?? [`${name}.${profile.name}`, name];
  known.set(name, names);
  return names;
}

function templateOf(parameter: Parameter, text: string): Template {
  const template = templates.get(parameter) ?? parseTemplate(text);
  templates.set(parameter, template);
  return template;
}

function firstAllowed(
  values: Iterable<ParameterValue>,
  locked: (source: Source) => Reason,
  notices: Reason[],
): Setting | undefined {
  for (const { allowed, text, source } of values) {
    if (allowed) return { text, source };
    notices.push(locked(source));
  }
  return undefined;
}

function lockedParameter({ name }: Parameter, source: Source, { levels, narrowedBy }: ParameterLevels): Reason {
  return { code: 'parameter-locked', parameter: name, source, settableBy: levels, narrowedBy };
}

function defaultOf(parameter: Parameter, builtins: ReadonlyMap<string, string>): Setting | undefined {
  const { default: value } = parameter;
  if (value === undefined) return undefined;
  if (typeof value !== 'string') return { text: String(value), source: { from: 'profile' } };
  // A fact that this pod does not have: then the parameter has no value.
  const [text] = renderIfGiven(templateOf(parameter, value), builtins);
  return text === undefined ? undefined : { text, source: { from: 'profile' } };
}
