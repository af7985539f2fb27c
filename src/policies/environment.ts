import type { Condition } from '../api/profile/condition.ts';
import type { Delivery } from '../profiles/delivery.ts';
import type { EnvironmentEntry } from '../profiles/environment.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import {
  allOf,
  type Cel,
  constant,
  Expression,
  firstOf,
  isTrue,
  joined,
  listIf,
  literal,
  perContainer,
  quoted,
  splitText,
} from './cel.ts';
import { withAdded } from './list-text.ts';
import { settingLookup } from './values/lookups.ts';
import { hasValue, here, rendered } from './values/templates.ts';

export interface EntryContext {
  readonly profile: Profile;
  readonly delivery: Delivery;
}

/** Whether a part of the profile applies to the container `c` at `i`. */
export function isMet({ profile, delivery }: EntryContext, condition: Condition | undefined, index = 'i'): Cel {
  if (!condition) return 'true';
  const { parameter } = condition;
  const container = index === 'i' ? 'c' : `object.spec.containers[${index}]`;
  if (condition.readOnlyRootFilesystem) return `(${isTrue(container, 'securityContext', 'readOnlyRootFilesystem')})`;
  if (condition.readOnlyFiles) return String(delivery.readOnly);
  const name = parameter?.name ?? '';
  const value = `variables.parameters[${index}][${quoted(name)}]`;
  const expected = parameter?.equals === undefined ? `${value}[0] != ""` : `${value}[0] == ${quoted(parameter.equals)}`;
  return `(${hasValue({ profile, index, container }, name)} && ${expected})`;
}

const ENTRY: Cel = '[string(e.name), has(e.value) ? string(e.value) : "", has(e.valueFrom) ? "r" : ""]';

/** The environment of each container, by what expressions ask of it. Of a name that is there twice, the last value is the app's. */
export function environmentVariables(catalogue: Catalogue): readonly (readonly [string, Cel])[] {
  const keys = settingLookup(catalogue, ['env-from-keys'], true);
  const hasSources = 'has(c.envFrom) && size(c.envFrom) > 0';
  return [
    ['names', perContainer('has(c.env) ? c.env.map(e, string(e.name)) : []')],
    [
      'texts',
      perContainer(
        `!has(c.env) ? [] : size(variables.names[i].distinct()) == size(variables.names[i]) ? c.env.map(e, ${ENTRY}) : c.env.transformList(k, e, variables.names[i].lastIndexOf(string(e.name)) == k, ${ENTRY})`,
      ),
    ],
    ['sourceKeys', perContainer(`${hasSources} ? (${keys}) : []`)],
    ['present', perContainer(`size(variables.sourceKeys[i]) > 0 ? ${splitText('variables.sourceKeys[i][0]')} : []`)],
    [
      'prefixes',
      perContainer(
        `${hasSources} && size(variables.sourceKeys[i]) == 0 ? c.envFrom.map(f, has(f.prefix) ? string(f.prefix) : "") : []`,
      ),
    ],
  ];
}

export const isPresent = (name: string): Cel => `${quoted(name)} in variables.present[i]`;

const isUnknown = (name: string): Cel =>
  `variables.prefixes[i].exists(x, ${quoted(name)}.startsWith(x) && x != ${quoted(name)})`;

export const isSet = (name: string): Cel => `${quoted(name)} in variables.names[i]`;

/** The text of an entry of a profile, as the container gets it. */
export function textOf({ profile }: EntryContext, { operation: { value } }: Operated): Cel {
  return 'text' in value ? rendered(here(profile), value.text, true) : '""';
}

type Operated = Pick<EnvironmentEntry, 'operation'>;

/** A variable to which the profile adds text, with all its additions. */
export interface ExtendedVariable {
  readonly name: string;
  readonly entries: readonly EnvironmentEntry[];
}

/** The variables of the profile in order: an entry that is set, or a variable that is extended. */
export function variablesOf({ environment }: Profile): readonly (EnvironmentEntry | ExtendedVariable)[] {
  const found: (EnvironmentEntry | ExtendedVariable)[] = [];
  for (const entry of environment) {
    if (entry.operation.kind === 'set') found.push(entry);
    else if (entry.operation.kind === 'append' || entry.operation.kind === 'prepend') {
      if (!found.some((one) => 'entries' in one && one.name === entry.name))
        found.push({ name: entry.name, entries: environment.filter(({ name }) => name === entry.name) });
    }
  }
  return found;
}

/** The variables of a policy with the value that each extended variable gets, for each container. */
export function extensionVariables(context: EntryContext): readonly (readonly [string, Cel])[] {
  return extendedVariables(context.profile).map((one, index) => [
    `extended${index}`,
    perContainer(`variables.reached[i] ? ${extended(context, one)} : ""`),
  ]);
}

/** What it gets, as a variable of the policy: the same text in each expression would make the policy many times as long. */
function extensionOf({ profile }: EntryContext, { name }: ExtendedVariable): Cel {
  return `variables.extended${extendedVariables(profile).findIndex((one) => one.name === name)}[i]`;
}

function extended(context: EntryContext, { name, entries }: ExtendedVariable): Cel {
  const before = firstOf(
    [
      [`variables.texts[i].exists(e, e[0] == ${quoted(name)} && e[2] == "r")`, quoted(`$(${name}_ORIGINAL)`)],
      [isSet(name), valueIn(name)],
    ],
    quoted(`$(${name})`),
  );
  return entries.reduce((text, entry, index) => {
    const { operation, when } = entry;
    if (operation.kind !== 'append' && operation.kind !== 'prepend') return text;
    const { kind, separator, absent } = operation;
    const added = textOf(context, entry);
    if (index > 0) {
      const next = withAdded('b', added, kind, separator);
      return `[${text}].map(b, ${when ? `${isMet(context, when)} ? ${next} : b` : next})[0]`;
    }
    const parts = kind === 'append' ? [quoted(absent ?? ''), added] : [added, quoted(absent ?? '')];
    const first = absent === undefined ? added : parts.join(` + ${quoted(separator)} + `);
    return `(${isSet(name)} || ${isPresent(name)} ? ${withAdded(text, added, kind, separator)} : ${first})`;
  }, `(${before})`);
}

const valueIn = (name: string): Cel => `variables.texts[i].filter(e, e[0] == ${quoted(name)})[0][1]`;

const isReference = (name: string): Cel => `variables.texts[i].exists(e, e[0] == ${quoted(name)} && e[2] == "r")`;

/** The variables that a container gets at the end of its list, as JSON with `name`. */
export function addedVariables(context: EntryContext): Cel {
  return joined(
    variablesOf(context.profile).map((one) => {
      if ('entries' in one) {
        const value = new Expression(extensionOf(context, one));
        return listIf(`!(${isSet(one.name)})`, literal({ name: one.name, value }));
      }
      return listIf(isAdded(context, one), literal({ name: one.name, ...declared(context, one) }));
    }),
  );
}

function isAdded(context: EntryContext, { name, group, when }: EnvironmentEntry): Cel {
  return allOf([isMet(context, when), `!(${isSet(name)})`, ...(group === undefined ? [`!(${isPresent(name)})`] : [])]);
}

function declared(context: EntryContext, entry: EnvironmentEntry): Record<string, Parameters<typeof literal>[0]> {
  const { value } = entry.operation;
  if (!('rest' in value)) return { value: new Expression(textOf(context, entry)) };
  const fields = [...value.fields].map(
    ([name, template]) => [name, new Expression(rendered(here(context.profile), template))] as const,
  );
  const rest = Object.entries(value.rest).map(([name, one]) => [name, constant(one ?? '')] as const);
  return { valueFrom: { [value.reference]: Object.fromEntries([...fields, ...rest]) } };
}

/** The names of the added variables, and of those whose value changes, as the record lists them. */
export function addedNames(context: EntryContext): Cel {
  return joined(
    variablesOf(context.profile).map((one) =>
      'entries' in one
        ? listIf(`!(${isSet(one.name)}) || (${isReference(one.name)})`, quoted(one.name))
        : listIf(isAdded(context, one), quoted(one.name)),
    ),
  );
}

export function changedNames(context: EntryContext): Cel {
  return joined(
    extendedVariables(context.profile).map((one) =>
      firstOf(
        [
          [isReference(one.name), `[${quoted(`${one.name}_ORIGINAL`)}]`],
          [`${isSet(one.name)} && ${extensionOf(context, one)} != ${valueIn(one.name)}`, `[${quoted(one.name)}]`],
        ],
        '[]',
      ),
    ),
    '[""].filter(n, n != "")',
  );
}

export function extendedVariables(profile: Profile): readonly ExtendedVariable[] {
  return variablesOf(profile).filter((one): one is ExtendedVariable => 'entries' in one);
}

/** The operations that add text to values that the container has. `path`: the path of the container. */
export function changedVariables(context: EntryContext, path: Cel): readonly Cel[] {
  return extendedVariables(context.profile).map((one) => {
    const place = `string(variables.names[i].lastIndexOf(${quoted(one.name)}))`;
    const next = `string(variables.names[i].lastIndexOf(${quoted(one.name)}) + 1)`;
    const original = `${one.name}_ORIGINAL`;
    const value = extensionOf(context, one);
    const referring = literal({
      name: one.name,
      value: new Expression(value),
    });
    return firstOf(
      [
        [
          isReference(one.name),
          `[JSONPatch{op: "replace", path: ${path} + "/env/" + ${place} + "/name", value: ${quoted(original)}}, JSONPatch{op: "add", path: ${path} + "/env/" + ${next}, value: ${referring}}]`,
        ],
        [
          `${isSet(one.name)} && ${value} != ${valueIn(one.name)}`,
          `[JSONPatch{op: "add", path: ${path} + "/env/" + ${place} + "/value", value: ${value}}]`,
        ],
      ],
      '[]',
    );
  });
}

/** Why the variables cannot be planned: one that may not exist, or one of which an expression cannot tell. */
export function environmentReasons(context: EntryContext): readonly (readonly [Cel, Cel])[] {
  return extendedVariables(context.profile).flatMap((one): readonly (readonly [Cel, Cel])[] => {
    const original = `${one.name}_ORIGINAL`;
    return [
      [`!(${isSet(one.name)}) && ${isUnknown(one.name)}`, '"unproven-variable"'],
      [
        `[variables.names[i].lastIndexOf(${quoted(one.name)})].exists(k, k >= 0 && [c.env[k]].exists(e, has(e.valueFrom) && (has(e.valueFrom.fileKeyRef) || has(e.valueFrom.secretKeyRef) && has(e.valueFrom.secretKeyRef.optional) && e.valueFrom.secretKeyRef.optional == true || has(e.valueFrom.configMapKeyRef) && has(e.valueFrom.configMapKeyRef.optional) && e.valueFrom.configMapKeyRef.optional == true)))`,
        '"unproven-variable"',
      ],
      [
        `(${isReference(one.name)}) && (${isSet(original)} || ${isPresent(original)} || has(c.env) && c.env.exists(e, has(e.value) && e.value.contains(${quoted(`$(${original})`)})))`,
        quoted(`beyond-policy: the name ${original} is in use`),
      ],
      [
        `variables.texts[i].exists(e, e[0] == ${quoted(one.name)} && e[2] == "" && e[1].matches(${quoted(String.raw`\$\([^)]*$`)}))`,
        quoted(`beyond-policy: ${one.name} has an open $(`),
      ],
    ];
  });
}

/** True for a value that has all the text of the profile already. */
export function isExtended(context: EntryContext, one: ExtendedVariable): Cel {
  return `${isSet(one.name)} && !(${isReference(one.name)}) && ${extensionOf(context, one)} == ${valueIn(one.name)}`;
}
