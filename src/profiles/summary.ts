import { dispatch } from '../lib/dispatch.ts';
import type { Condition } from '../api/profile/condition.ts';
import type { Matcher } from '../api/profile/matcher.ts';
import type { Parameter } from '../api/profile/parameter.ts';
import { versionText } from '../kubernetes/version.ts';
import type { JsonObject } from '../lib/json.ts';
import { type Delivery, deliveryNeeds, templatesIn } from './delivery.ts';
import type { EnvironmentEntry } from './environment.ts';
import { expectation } from './parameter.ts';
import type { Advice, Profile } from './profile.ts';
import { parametersOf, templateText } from './template.ts';

/** What a user is to know of a profile, as plain JSON: made once, for the command line and for the pages of the documentation. */
export interface ProfileSummary {
  readonly name: string;
  readonly vendor: string;
  readonly description: string;
  readonly language?: string;
  readonly documentation?: string;
  readonly sources: readonly string[];
  readonly constraints: ConstraintsSummary;
  readonly slots: readonly string[];
  readonly parameters: readonly ParameterSummary[];
  readonly deliveries: readonly DeliverySummary[];
  readonly mounts: readonly { readonly path: string; readonly subPath?: string; readonly readOnly: boolean }[];
  readonly writable: readonly { readonly path: string; readonly sizeLimit: string; readonly when?: string }[];
  readonly files: readonly { readonly path: string; readonly content: string; readonly when?: string }[];
  readonly environment: readonly VariableSummary[];
  readonly conflicts: readonly AdviceSummary[];
  readonly advisories: readonly AdviceSummary[];
}

export interface ConstraintsSummary {
  readonly os: readonly string[];
  readonly arch?: readonly string[];
  readonly libc?: readonly string[];
  /** The least version. */
  readonly kubernetes?: string;
  /** Kinds whose pods are left alone. */
  readonly excludeOwners: readonly string[];
  /** The namespaces that may use it, where not all may. */
  readonly namespaces?: readonly string[];
}

export interface ParameterSummary {
  readonly name: string;
  readonly type: Parameter['type'];
  /** What follows "must be". */
  readonly expected: string;
  readonly default?: string;
  readonly required: boolean;
  readonly settableBy: readonly string[];
  readonly description: string;
}

export interface DeliverySummary {
  readonly name: string;
  readonly type: Delivery['type'];
  readonly os?: readonly string[];
  /** The least version. */
  readonly kubernetes?: string;
  /** Pod Security baseline and restricted forbid it. */
  readonly privileged: boolean;
  /** Parameters that must be given for it: while one of them has no value, it is passed over. */
  readonly needs: readonly string[];
}

export interface VariableSummary {
  readonly name: string;
  readonly operation: EnvironmentEntry['operation']['kind'];
  /** The template, or what the kubelet is to fill in. */
  readonly value: string;
  readonly group?: string;
  readonly when?: string;
}

export interface AdviceSummary {
  readonly code: string;
  readonly message: string;
  /** All of them must be seen. */
  readonly signs: readonly string[];
}

/** What there is to know of a profile. */
export function summaryOf(profile: Profile): ProfileSummary {
  const { name, vendor, description, language, documentation, sources, slots } = profile;
  return {
    name,
    vendor,
    description,
    ...defined({ language, documentation }),
    sources,
    constraints: constraintsOf(profile),
    slots,
    parameters: [...profile.parameters.values()].map(parameterOf),
    deliveries: profile.deliveries.map((delivery) => deliveryOf(delivery, profile)),
    mounts: profile.mounts.map(({ path, subPath, readOnly }) => ({
      path,
      ...defined({ subPath: subPath && templateText(subPath) }),
      readOnly,
    })),
    writable: profile.writable.map(({ path, sizeLimit, when }) => ({ path, sizeLimit, ...whenOf(when) })),
    files: profile.files.map(({ path, content, when }) => ({ path, content: templateText(content), ...whenOf(when) })),
    environment: profile.environment.map(variableOf),
    conflicts: profile.conflicts.map(adviceOf),
    advisories: profile.advisories.map(adviceOf),
  };
}

type Defined<Fields> = { [name in keyof Fields]?: Exclude<Fields[name], undefined> };

/** The fields that have a value. */
function defined<Fields extends object>(fields: Fields): Defined<Fields> {
  // Object.entries knows nothing of the names; none is made or lost here but those without a value.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<Fields>;
}

function constraintsOf({ constraints, namespaces }: Profile): ConstraintsSummary {
  const { os, arch, libc, kubernetes, excludeOwners } = constraints;
  return {
    os,
    ...defined({ arch, libc, kubernetes: kubernetes && versionText(kubernetes), namespaces }),
    excludeOwners,
  };
}

function parameterOf(parameter: Parameter): ParameterSummary {
  const { name, type, required, settableBy, description } = parameter;
  const standard = parameter.default === undefined ? undefined : String(parameter.default);
  return {
    name,
    type,
    expected: expectation(parameter),
    ...defined({ default: standard }),
    required,
    settableBy,
    description,
  };
}

function deliveryOf(delivery: Delivery, { parameters }: Profile): DeliverySummary {
  const { kubernetes, baseline } = deliveryNeeds[delivery.type];
  const used = templatesIn(delivery).flatMap(([, template]) => parametersOf(template));
  const needs = [...new Set(used)].filter(
    (name) => parameters.has(name) && parameters.get(name)?.default === undefined,
  );
  return {
    name: delivery.name,
    type: delivery.type,
    ...defined({ os: delivery.os, kubernetes: kubernetes && versionText(kubernetes) }),
    privileged: !baseline,
    needs,
  };
}

function variableOf({ name, operation, group, when }: EnvironmentEntry): VariableSummary {
  const { kind, value } = operation;
  const fields =
    'text' in value ? {} : Object.fromEntries([...value.fields].map(([key, one]) => [key, templateText(one)]));
  const text =
    'text' in value ? templateText(value.text) : `${value.reference} ${referenceText({ ...fields, ...value.rest })}`;
  return { name, operation: kind, value: text, ...defined({ group }), ...whenOf(when) };
}

/** Where the kubelet takes it from: `secret/key`, `spec.nodeName`. That it may be missing goes without saying. */
function referenceText(fields: JsonObject): string {
  return Object.entries(fields)
    .filter(([name, value]) => name !== 'optional' && value !== undefined)
    .map(([, value]) => (typeof value === 'string' ? value : JSON.stringify(value)))
    .join('/');
}

function whenOf(condition: Condition | undefined): { readonly when?: string } {
  return defined({ when: condition && conditionText(condition) });
}

function conditionText(condition: Condition): string {
  switch (condition.if) {
    case 'parameter':
      return condition.is === undefined ? `${condition.name} is set` : `${condition.name} is ${condition.is}`;
    case 'readOnlyRootFilesystem':
      return 'the root filesystem is read-only';
    case 'readOnlyFiles':
      return "the agent's files are read-only";
  }
}

function adviceOf({ code, message, signs }: Advice): AdviceSummary {
  return { code, message, signs: signs.map(matcherText) };
}

const signTexts: { readonly [kind in Matcher['in']]: (sign: Extract<Matcher, { in: kind }>) => string } = {
  environment: ({ name, equals, contains }) => {
    const names = typeof name === 'string' ? name : name.join(' or ');
    if (equals !== undefined) return `${names} is ${JSON.stringify(equals)}`;
    return contains === undefined ? `${names} is set` : `${names} has ${JSON.stringify(contains)} in it`;
  },
  command: ({ contains }) => `its command has ${JSON.stringify(contains)} in it`,
  image: ({ matches }) => `its image is like ${matches}`,
  name: ({ matches }) => `its name is like ${matches}`,
  volume: ({ name }) => `the pod has a volume ${name}`,
  mount: ({ path }) => `something is mounted at ${path}`,
};

/** A sign in words: what is to be seen of a container. */
export function matcherText(sign: Matcher): string {
  return dispatch(signTexts, 'in', sign);
}
