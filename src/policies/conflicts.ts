import type { Catalogue } from '../profiles/catalogue.ts';
import { comparableGuid } from '../profiles/catalogue.ts';
import type { EnvironmentEntry } from '../profiles/environment.ts';
import type { Matcher } from '../api/profile/matcher.ts';
import { isGlob, matchesGlob } from '../lib/glob.ts';
import { agentRequests, type AgentRequest } from '../settings/agent-requests.ts';
import { allOf, anyOf, type Cel, firstOf, perContainer, quoted, quotedList, splitText } from './cel.ts';
import { type EntryContext, extendedVariables, isExtended, isMet, isPresent, isSet, textOf } from './environment.ts';
import { matchesAll, matchesAny } from './matchers.ts';
import type { Cases } from './compatibility.ts';

/** Why the agent must not be put beside what the container has, in the order of injection/conflicts.ts. */
export function conflictReasons(context: EntryContext, catalogue: Catalogue): Cases {
  const { profile } = context;
  const slots = profile.slots.flatMap((name) => catalogue.slots.get(name) ?? []);
  const foreign = catalogue.foreignAgents.filter((one) => one.slots.some((slot) => profile.slots.includes(slot)));
  const requests = agentRequests.filter((one) => one.slots.some((slot) => profile.slots.includes(slot)));
  const instrumented = isInstrumented(context);
  return [
    ...(requests.length === 0
      ? []
      : [[`!(${instrumented}) && (${anyOf(requests.map(asked))})`, '"foreign-agent-requested"'] as const]),
    ...slots.flatMap(({ off, variables }) => [
      ...(off.length === 0
        ? []
        : [
            [
              `variables.texts[i].exists(e, ${anyOf(off.map((one) => `e[0] == ${quoted(one.variable)} && e[1] == ${quoted(one.value)}`))})`,
              '"profiling-disabled"',
            ] as const,
          ]),
      ...(variables.length === 0 ? [] : [[isTaken(context, variables), '"foreign-profiler"'] as const]),
    ]),
    ...profile.environment
      .filter(({ group, operation }) => group !== undefined && operation.kind === 'set')
      .map((entry) => [differs(context, entry), '"conflicting-variable"'] as const),
    [instrumented, '"beyond-policy: the container has all variables of the agent"'],
    ...(foreign.length === 0
      ? []
      : [
          [
            anyOf(foreign.map(({ match }) => matchesAny(match, 'variables.foreignTexts[i]'))),
            '"foreign-agent"',
          ] as const,
        ]),
    ...(profile.conflicts.length === 0
      ? []
      : [
          [
            anyOf(profile.conflicts.map(({ match }) => matchesAll(match, 'variables.foreignTexts[i]'))),
            '"profile-conflict"',
          ] as const,
        ]),
  ];
}

/** The variables without the text of the profile, which must not look like another agent. */
export function foreignTexts(context: EntryContext, catalogue: Catalogue): Cel {
  const { profile } = context;
  const matchers: readonly Matcher[] = [
    ...catalogue.foreignAgents.flatMap(({ match }) => match),
    ...profile.conflicts.flatMap(({ match }) => match),
  ];
  const names = matchers.flatMap(({ env }) => (env ? [env.name].flat() : []));
  const own = profile.environment.filter(
    ({ name, operation: { value } }) =>
      'text' in value && names.some((one) => (isGlob(one) ? matchesGlob(one, name, 256) : one === name)),
  );
  const cases = [...new Set(own.map(({ name }) => name))].map((name) => {
    const without = own
      .filter((entry) => entry.name === name)
      .reduce((text, entry) => {
        const removed = `${text}.replace(${textOf(context, entry)}, "")`;
        return entry.when ? `(${isMet(context, entry.when)} ? ${removed} : ${text})` : removed;
      }, 'e[1]');
    return [`e[0] == ${quoted(name)}`, without] as const;
  });
  return perContainer(`variables.reached[i] ? variables.texts[i].map(e, [e[0], ${firstOf(cases, 'e[1]')}, e[2]]) : []`);
}

const GUID_NOISE = ['{', '}', ' ', '\t', '\n', '\v', '\f', '\r', '\u00a0', '\ufeff'];

function hasSameValue(context: EntryContext, entry: EnvironmentEntry): Cel {
  const { operation } = entry;
  if (operation.kind !== 'set' || !('text' in operation.value)) return 'false';
  const text = textOf(context, entry);
  if (operation.compare !== 'guid') return `e[2] == "" && e[1] == ${text}`;
  const [literal] = operation.value.text;
  const expected = typeof literal === 'string' ? quoted(comparableGuid(literal)) : text;
  const guid = GUID_NOISE.reduce((value, one) => `${value}.replace(${quoted(one)}, "")`, 'e[1].upperAscii()');
  return `e[2] == "" && ${guid} == ${expected}`;
}

function isTaken(context: EntryContext, variables: readonly string[]): Cel {
  const own = context.profile.environment.filter(({ name }) => variables.includes(name));
  const same = own.map((entry) =>
    allOf([`e[0] == ${quoted(entry.name)}`, isMet(context, entry.when), hasSameValue(context, entry)]),
  );
  return anyOf([
    `variables.texts[i].exists(e, e[0] in ${quotedList(variables)} && !(${anyOf(same)}))`,
    `${quotedList(variables)}.exists(n, n in variables.present[i] && !(n in variables.names[i]))`,
  ]);
}

function differs(context: EntryContext, entry: EnvironmentEntry): Cel {
  const { name, when } = entry;
  return allOf([
    isMet(context, when),
    `${isSet(name)} ? !variables.texts[i].exists(e, e[0] == ${quoted(name)} && ${hasSameValue(context, entry)}) : ${isPresent(name)}`,
  ]);
}

/** A complete group of variables, or all additions to lists. */
function isInstrumented(context: EntryContext): Cel {
  const { environment } = context.profile;
  const grouped = environment.filter(({ group }) => group !== undefined);
  if (grouped.length > 0)
    return allOf(
      grouped.map((entry) =>
        allOf([
          isMet(context, entry.when),
          `variables.texts[i].exists(e, e[0] == ${quoted(entry.name)} && ${hasSameValue(context, entry)})`,
        ]),
      ),
    );
  const lists = extendedVariables(context.profile);
  return lists.length === 0 ? 'false' : allOf(lists.map((one) => isExtended(context, one)));
}

const POD = 'variables.podAnnotations';

const NAMESPACE = 'variables.namespaceAnnotations';

function textIn(map: Cel, name: Cel): Cel {
  return `(${name} in ${map} ? ${map}[${name}].trim().lowerAscii() : "")`;
}

/** Whether another injector is asked for an agent in the container, as injection/foreign-requests.ts. */
function asked(request: AgentRequest): Cel {
  const { unless, each } = request;
  const [before = '', behind = ''] = each?.split('{container}') ?? [];
  const name = `(${quoted(before)} + c.name + ${quoted(behind)})`;
  const forOne = each === undefined ? [] : [`${textIn(POD, name)} != ""`];
  const isAsked = anyOf([...forOne, allOf([asksForSome(request), isMeant(request)])]);
  if (!unless) return isAsked;
  const label = quoted(unless.label);
  const isOff = `${label} in variables.podLabels && variables.podLabels[${label}] == ${quoted(unless.is)}`;
  return allOf([`!(${isOff})`, isAsked]);
}

function asksForSome({ annotation, from, is, not }: AgentRequest): Cel {
  const onPod = textIn(POD, quoted(annotation));
  const onNamespace = from.includes('namespace') ? textIn(NAMESPACE, quoted(annotation)) : '""';
  const value = `(${onPod} != "" ? ${onPod} : ${onNamespace})`;
  return allOf([
    `${value} != ""`,
    ...(not.length === 0 ? [] : [`!(${value} in ${quotedList(not)})`]),
    ...(is ? [`${value} in ${quotedList(is)}`] : []),
  ]);
}

function isMeant({ from, containers, named }: AgentRequest): Cel {
  const everyone = containers === 'all' ? 'true' : 'i == 0';
  if (named.length === 0) return everyone;
  const listed = named.map((name) => {
    const key = quoted(name);
    const rest = from.includes('namespace') ? `${key} in ${NAMESPACE} ? string(${NAMESPACE}[${key}]) : ""` : '""';
    return `(${key} in ${POD} && ${POD}[${key}] != "" ? string(${POD}[${key}]) : (${rest}))`;
  });
  const names = splitText(`[${listed.join(', ')}].join(",")`);
  return `[${names}].map(n, size(n) > 0 ? c.name in n : ${everyone})[0]`;
}
