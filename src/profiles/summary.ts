import type { Level } from '../api/keys.ts';
import type { Condition } from '../api/profile/condition.ts';
import type { Fact, Parameter } from '../api/profile/parameter.ts';
import { versionText } from '../kubernetes/version.ts';
import { dispatchMember, type MemberTable } from '../lib/dispatch.ts';
import type { JsonObject } from '../lib/json.ts';
import { type Delivery, deliveryNeeds, requiredTemplates } from './delivery.ts';
import type { DeclaredValue, EnvironmentEntry } from './environment.ts';
import type { SignsOfLife } from '../api/profile/signs-of-life.ts';
import { lifeSignText } from '../api/profile/life-sign.ts';
import { matcherText } from './matcher.ts';
import type { Canary, ContainerNote, Profile } from './profile.ts';
import { levelsOfParameter, type Tenancy } from './tenancy/policy.ts';
import { parametersOf, templateText } from './template.ts';
import { expectationIn } from './variables/list-values.ts';

/** A profile as plain JSON, for `profiles -o json` and for the pages of the documentation. */
export interface ProfileSummary {
  readonly name: string;
  readonly vendor: string;
  readonly description: string;
  readonly language?: string;
  readonly documentation?: string;
  readonly sources: readonly string[];
  /** Present only if it is true. */
  readonly suspended?: true;
  readonly canary?: CanarySummary;
  readonly constraints: ConstraintsSummary;
  readonly slots: readonly string[];
  readonly parameters: readonly ParameterSummary[];
  readonly deliveries: readonly DeliverySummary[];
  readonly mounts: readonly { readonly path: string; readonly subPath?: string; readonly readOnly: boolean }[];
  readonly writablePaths: readonly { readonly path: string; readonly sizeLimit: string; readonly when?: string }[];
  readonly files: readonly { readonly path: string; readonly content: string; readonly when?: string }[];
  readonly objects: readonly { readonly path: string; readonly object: string; readonly when?: string }[];
  readonly environment: readonly VariableSummary[];
  readonly conflicts: readonly NoteSummary[];
  readonly advisories: readonly NoteSummary[];
  /** Absent if the profile says nothing about it. */
  readonly signsOfLife?: SignsSummary;
}

/** Each sign as text. */
export interface SignsSummary {
  readonly alive: readonly string[];
  /** Why no sign is known. */
  readonly unknown?: string;
  readonly failed: readonly string[];
  readonly within: number;
}

export interface CanarySummary {
  readonly percent?: number;
  readonly version?: { readonly percent: number; readonly values: Readonly<Record<string, string | number | boolean>> };
}

export interface ConstraintsSummary {
  readonly os: readonly string[];
  readonly arch?: readonly string[];
  readonly libc?: readonly string[];
  readonly kubernetes?: string;
  readonly excludeOwners: readonly string[];
  readonly namespaces?: readonly string[];
}

export interface ParameterSummary {
  readonly name: string;
  readonly type: Parameter['type'];
  readonly expected: string;
  readonly default?: string;
  /** Labels and annotations of the pod that say the value, too. */
  readonly from?: readonly string[];
  readonly required: boolean;
  /** The levels that both the profile and the cluster allow. */
  readonly settableBy: readonly Level[];
  readonly description: string;
}

export interface DeliverySummary {
  readonly name: string;
  readonly kind: Delivery['kind'];
  readonly os?: readonly string[];
  readonly kubernetes?: string;
  /** Forbidden by the Pod Security levels baseline and restricted. */
  readonly privileged: boolean;
  /** Parameters without a default: the delivery is skipped unless all of them are set. */
  readonly needs: readonly string[];
}

export interface VariableSummary {
  readonly name: string;
  readonly operation: EnvironmentEntry['operation']['kind'];
  readonly value: string;
  readonly group?: string;
  readonly when?: string;
}

export interface NoteSummary {
  readonly code: string;
  readonly message: string;
  readonly match: readonly string[];
}

export function profileSummary(profile: Profile, tenancy: Tenancy): ProfileSummary {
  const { name, vendor, description, language, documentation, sources, slots } = profile;
  return {
    name,
    vendor,
    description,
    ...defined({ language, documentation }),
    sources,
    ...(profile.suspended && { suspended: true }),
    ...(profile.canary && { canary: canarySummary(profile.canary) }),
    constraints: constraintsOf(profile),
    slots,
    parameters: [...profile.parameters.values()].map((parameter) => ({
      ...parameterOf(profile, parameter),
      settableBy: levelsOfParameter(tenancy, profile, parameter).levels,
    })),
    deliveries: profile.deliveries.map((delivery) => deliveryOf(delivery, profile)),
    mounts: profile.mounts.map(({ path, subPath, readOnly }) => ({
      path,
      ...defined({ subPath: subPath && templateText(subPath) }),
      readOnly,
    })),
    writablePaths: profile.writablePaths.map(({ path, sizeLimit, when }) => ({ path, sizeLimit, ...whenOf(when) })),
    files: profile.files.map(({ path, content, when }) => ({ path, content: templateText(content), ...whenOf(when) })),
    objects: profile.objects.map(({ path, kind, name: object, when }) => ({
      path,
      object: `${objectKinds[kind]} ${templateText(object)}`,
      ...whenOf(when),
    })),
    environment: profile.environment.map(variableOf),
    conflicts: profile.conflicts.map(noteSummary),
    advisories: profile.advisories.map(noteSummary),
    ...defined({ signsOfLife: profile.signsOfLife && signsSummary(profile.signsOfLife) }),
  };
}

const objectKinds = { secret: 'Secret', configMap: 'ConfigMap', hostPath: 'directory of the node' } as const;

function signsSummary({ alive = [], unknown, failed, within }: SignsOfLife): SignsSummary {
  return { alive: alive.map(lifeSignText), ...defined({ unknown }), failed: failed.map(lifeSignText), within };
}

function canarySummary({ percent, version }: Canary): CanarySummary {
  return defined({
    percent,
    version: version && { percent: version.percent, values: Object.fromEntries(version.values) },
  });
}

type Defined<Fields> = { [name in keyof Fields]?: Exclude<Fields[name], undefined> };

function defined<Fields extends object>(fields: Fields): Defined<Fields> {
  // Object.entries loses the names of the fields; the filter removes only those without a value.
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

function parameterOf(profile: Profile, parameter: Parameter): Omit<ParameterSummary, 'settableBy'> {
  const { name, type, required, description } = parameter;
  const text = parameter.default === undefined ? undefined : String(parameter.default);
  return {
    name,
    type,
    expected: expectationIn(profile, parameter),
    ...defined({ default: text, from: parameter.from?.map(factText) }),
    required,
    description,
  };
}

function factText(fact: Fact): string {
  return 'label' in fact ? `label ${fact.label}` : `annotation ${fact.annotation}`;
}

function deliveryOf(delivery: Delivery, { parameters }: Profile): DeliverySummary {
  const { kubernetes, baseline } = deliveryNeeds[delivery.kind];
  const names = requiredTemplates(delivery).flatMap(([, template]) => parametersOf(template));
  const needs = [...new Set(names)].filter(
    (name) => parameters.has(name) && parameters.get(name)?.default === undefined,
  );
  return {
    name: delivery.name,
    kind: delivery.kind,
    ...defined({ os: delivery.os, kubernetes: kubernetes && versionText(kubernetes) }),
    privileged: !baseline,
    needs,
  };
}

function variableOf({ name, operation, group, when }: EnvironmentEntry): VariableSummary {
  const { kind, value } = operation;
  return { name, operation: kind, value: valueText(value), ...defined({ group }), ...whenOf(when) };
}

function valueText(value: DeclaredValue): string {
  if ('text' in value) return templateText(value.text);
  if ('pairs' in value)
    return 'prefix' in value.pairs ? `annotations ${value.pairs.prefix}*` : `\${${value.pairs.parameter}}`;
  const fields = Object.fromEntries([...value.fields].map(([key, one]) => [key, templateText(one)]));
  return `${value.reference} ${referenceText({ ...fields, ...value.rest })}`;
}

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
  return dispatchMember(conditionTexts, condition);
}

const conditionTexts: MemberTable<Condition, string> = {
  parameter: ({ name, equals }) => (equals === undefined ? `${name} is set` : `${name} is ${equals}`),
  readOnlyRootFilesystem: () => 'the root filesystem is read-only',
  readOnlyFiles: () => "the agent's files are read-only",
};

function noteSummary({ code, message, match }: ContainerNote): NoteSummary {
  return { code, message, match: match.map(matcherText) };
}
