import { z } from 'zod';
import { accepts, expectation, parameterSchema, type Parameter } from './parameter.ts';
import { settingNames } from './keys.ts';
import { parametersOf, parseTemplate, type Template } from './template.ts';

const deliverySchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('persistentVolumeClaim'),
    name: z.string().optional().describe('What the delivery annotation says; default: the type.'),
    claimName: z.string().describe('The claim that holds the agent, in the namespace of the pod.'),
  }),
  z.strictObject({
    type: z.literal('baked').describe("The agent is in the app's image: environment only."),
    name: z.string().optional(),
  }),
]);

const environmentSchema = z.strictObject({
  name: z.string().min(1),
  value: z.string().describe('May refer to parameters: ${parameter}.'),
  group: z
    .string()
    .optional()
    .describe(
      'Entries of one group go in whole or not at all. Without a group, a value that the author of the pod wrote wins.',
    ),
  compare: z
    .enum(['exact', 'guid'])
    .default('exact')
    .describe('How a value that is already there is compared with ours.'),
});

/** An AgentProfile document: the one source of the types and of the messages. */
const profileSchema = z.strictObject({
  apiVersion: z.literal('agent-injector.io/v1alpha1'),
  kind: z.literal('AgentProfile'),
  metadata: z.strictObject({
    name: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?$/, 'must be a DNS label of at most 53 characters'),
  }),
  spec: z.strictObject({
    vendor: z.string(),
    description: z.string(),
    documentation: z.url().optional(),
    constraints: z.strictObject({ os: z.array(z.enum(['linux', 'windows'])).min(1) }),
    slots: z.array(z.string()).default([]).describe('The exclusive places in a process that this agent takes.'),
    parameters: z.array(parameterSchema).default([]),
    deliveries: z.array(deliverySchema).min(1).describe('In order of preference.'),
    mounts: z
      .array(z.strictObject({ path: z.string().startsWith('/'), readOnly: z.boolean().default(false) }))
      .default([]),
    environment: z.array(environmentSchema).default([]),
  }),
});

type ProfileDocument = z.infer<typeof profileSchema>;

export type Delivery =
  | { readonly name: string; readonly type: 'persistentVolumeClaim'; readonly claimName: Template }
  | { readonly name: string; readonly type: 'baked' };

export interface EnvironmentEntry {
  readonly name: string;
  readonly value: Template;
  /** The atomic set that the entry belongs to. */
  readonly group: string | undefined;
  readonly compare: 'exact' | 'guid';
}

/** A profile that has been read: templates taken apart, defaults filled in, every reference known to lead somewhere. */
export interface Profile {
  readonly name: string;
  readonly vendor: string;
  readonly description: string;
  readonly documentation: string | undefined;
  readonly os: readonly string[];
  readonly slots: readonly string[];
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly deliveries: readonly [Delivery, ...Delivery[]];
  readonly mounts: readonly { readonly path: string; readonly readOnly: boolean }[];
  readonly environment: readonly EnvironmentEntry[];
}

/** Something wrong in a document: where (`spec.parameters[2].default`) and what. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

export type ReadProfile =
  | { readonly ok: true; readonly profile: Profile }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads an AgentProfile document. All problems are gathered: those of the schema first, then those between its parts. */
export function readProfile(document: unknown): ReadProfile {
  const parsed = profileSchema.safeParse(document);
  if (!parsed.success) return { ok: false, problems: parsed.error.issues.map(problemOf) };
  const { metadata, spec } = parsed.data;
  const [first, ...others] = spec.deliveries.map(readDelivery);
  if (!first) return { ok: false, problems: [{ path: 'spec.deliveries', message: 'must name at least one delivery' }] };
  const profile: Profile = {
    name: metadata.name,
    vendor: spec.vendor,
    description: spec.description,
    documentation: spec.documentation,
    os: spec.constraints.os,
    slots: spec.slots,
    parameters: new Map(spec.parameters.map((parameter) => [parameter.name, parameter])),
    deliveries: [first, ...others],
    mounts: spec.mounts,
    environment: spec.environment.map((entry) => ({ ...entry, group: entry.group, value: parseTemplate(entry.value) })),
  };
  const problems = [...problemsOfParameters(spec), ...problemsOfReferences(profile), ...problemsOfNames(spec, profile)];
  return problems.length > 0 ? { ok: false, problems } : { ok: true, profile };
}

function problemOf(issue: z.core.$ZodIssue): Problem {
  return { path: pathText(issue.path), message: issue.message };
}

/** `['spec', 'mounts', 0, 'path']` → `spec.mounts[0].path`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${String(step)}`))
    .join('');
}

function readDelivery(delivery: z.infer<typeof deliverySchema>): Delivery {
  const name = delivery.name ?? delivery.type;
  switch (delivery.type) {
    case 'persistentVolumeClaim':
      return { name, type: delivery.type, claimName: parseTemplate(delivery.claimName) };
    case 'baked':
      return { name, type: delivery.type };
  }
}

type Spec = ProfileDocument['spec'];

function problemsOfParameters(spec: Spec): readonly Problem[] {
  return spec.parameters.flatMap((parameter, index) => {
    const path = `spec.parameters[${index}]`;
    const problems: Problem[] = [];
    if (settingNames.includes(parameter.name)) {
      problems.push({ path: `${path}.name`, message: `"${parameter.name}" is a setting of agent-injector itself` });
    }
    if (parameter.default !== undefined && !accepts(parameter, String(parameter.default))) {
      problems.push({ path: `${path}.default`, message: `must be ${expectation(parameter)}` });
    }
    return problems;
  });
}

function problemsOfReferences(profile: Profile): readonly Problem[] {
  const templates: [string, Template][] = [
    ...profile.environment.map((entry, index): [string, Template] => [`spec.environment[${index}].value`, entry.value]),
    ...profile.deliveries.flatMap((delivery, index): [string, Template][] =>
      delivery.type === 'baked' ? [] : [[`spec.deliveries[${index}].claimName`, delivery.claimName]],
    ),
  ];
  return templates.flatMap(([path, template]) =>
    parametersOf(template).flatMap((name) => {
      const parameter = profile.parameters.get(name);
      if (!parameter) return [{ path, message: `refers to "${name}", which is no parameter of this profile` }];
      const valued = parameter.required || parameter.default !== undefined;
      return valued ? [] : [{ path, message: `refers to "${name}", which is neither required nor has a default` }];
    }),
  );
}

function problemsOfNames(spec: Spec, profile: Profile): readonly Problem[] {
  return [
    ...twice(
      'spec.parameters',
      spec.parameters.map((parameter) => parameter.name),
    ),
    ...twice(
      'spec.deliveries',
      profile.deliveries.map((delivery) => delivery.name),
    ),
    ...twice(
      'spec.environment',
      spec.environment.map((entry) => entry.name),
    ),
    ...twice(
      'spec.mounts',
      spec.mounts.map((mount) => mount.path),
    ),
  ];
}

function twice(path: string, names: readonly string[]): readonly Problem[] {
  return names.flatMap((name, index) =>
    names.indexOf(name) < index ? [{ path: `${path}[${index}]`, message: `"${name}" stands here a second time` }] : [],
  );
}
