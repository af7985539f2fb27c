import * as z from 'zod';
import { parseVersion } from '../../kubernetes/version.ts';
import { conditionSchema } from './condition.ts';
import { deliverySchema } from './delivery.ts';
import { environmentSchema } from './environment.ts';
import { matcherSchema } from './matcher.ts';
import { parameterSchema } from './parameter.ts';
import { absolutePath, quantitySchema, relativePath } from './scalars.ts';

const name = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?$/, 'must be a DNS label of at most 53 characters');

const code = z.string().regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'must be words of a-z and 0-9 joined by dashes');

const constraintsSchema = z.strictObject({
  os: z
    .array(z.enum(['linux', 'windows']))
    .min(1)
    .describe('A pod for another one is not injected.'),
  arch: z.array(z.string()).min(1).optional().describe('Values of kubernetes.io/arch: amd64, arm64…'),
  libc: z
    .array(z.enum(['glibc', 'musl']))
    .min(1)
    .optional()
    .describe("What the agent's binaries are made for. The first one is assumed where nothing tells."),
  kubernetes: z
    .string()
    .refine((text) => parseVersion(text) !== undefined, 'must be a version such as 1.30')
    .optional()
    .describe('The least version of the API server.'),
  excludeOwners: z.array(z.string()).default([]).describe('Kinds whose pods are left alone: Job, DaemonSet…'),
});

const adviceSchema = z.strictObject({
  code: code.describe('By which it is known.'),
  /** All of the signs must be seen. */
  signs: z.array(matcherSchema).min(1).describe('All of them must be seen in the container.'),
  message: z.string().describe('What the user should know, in one sentence without a capital and a full stop.'),
});

const testSchema = z.strictObject({
  name: z.string().describe('What is tested.'),
  namespace: z
    .record(z.string(), z.string())
    .default({})
    .describe('Settings as the annotations of the namespace: domain-id: "7".'),
  pod: z
    .looseObject({})
    .default({})
    .describe('A pod, or just what matters of it. Default: one container "app" with nothing in it.'),
  kubernetes: z.string().optional().describe('The version of the API server.'),
  expect: z
    .strictObject({
      outcome: z.enum(['injected', 'skipped']).describe('What becomes of the pod.'),
      reason: z.string().optional().describe('The code of the reason, when it is skipped.'),
      conflict: z.string().optional().describe('The code of the conflict of this profile that is the reason.'),
      container: z
        .string()
        .optional()
        .describe('The container that the rest is about, init containers included; default: "app", or the first.'),
      delivery: z.string().optional().describe('The name of the delivery by which the container got the agent.'),
      environment: z
        .record(z.string(), z.union([z.string(), z.null(), z.looseObject({})]))
        .default({})
        .describe(
          'Variables of the container afterwards: the text; null: there is none of that name; an object: what its valueFrom has in it.',
        ),
      mounts: z.array(z.string()).default([]).describe('Paths at which something is mounted in it afterwards.'),
      advisories: z.array(z.string()).optional().describe('The codes of all advisories that are given.'),
      annotations: z
        .record(z.string(), z.union([z.string(), z.null()]))
        .default({})
        .describe('Annotations of the pod afterwards; null: there is none of that name.'),
    })
    .describe('What is to be afterwards.'),
});

/** An AgentProfile document: the one source of the types, of the messages and of the published JSON Schema. */
export const profileSchema = z.strictObject({
  apiVersion: z.literal('agent-injector.io/v1alpha1'),
  kind: z.literal('AgentProfile'),
  metadata: z.strictObject({ name }),
  spec: z.strictObject({
    extends: name.optional().describe('A profile that this one derives from: what is written here is laid over it.'),
    vendor: z.string().describe('Whose agent it is.'),
    description: z.string().describe('What it is, in a sentence.'),
    language: z.string().optional().describe('The runtime that the agent is for: dotnet, java, nodejs, python, php…'),
    documentation: z.url().optional().describe("The vendor's page on it."),
    sources: z.array(z.string()).default([]).describe('Where the facts in this profile come from.'),
    namespaces: z
      .array(z.string())
      .optional()
      .describe('Names or globs of the namespaces that may use it; default: all.'),
    constraints: constraintsSchema.describe('Where the agent can run.'),
    containers: z
      .strictObject({
        include: z.array(matcherSchema).min(1).optional().describe('Any of them makes a container a target.'),
        exclude: z.array(matcherSchema).default([]).describe('Any of them makes it none.'),
      })
      .default({ exclude: [] })
      .describe('Which app containers get the agent where nobody names them.'),
    slots: z.array(z.string()).default([]).describe('The exclusive places in a process that this agent takes.'),
    conflicts: z.array(adviceSchema).default([]).describe('What keeps this agent out of a container.'),
    advisories: z.array(adviceSchema).default([]).describe('What the user is told, without a change to the decision.'),
    parameters: z.array(parameterSchema).default([]).describe('What users may set, by annotations.'),
    variants: z
      .array(
        z.strictObject({
          name: code.describe('The template is ${NAME}.'),
          by: z.string().describe('libc, arch, or a parameter of type enum or boolean.'),
          values: z.record(z.string(), z.string()).describe('From each value of it to the value of this one.'),
        }),
      )
      .default([])
      .describe('Values that follow from another one: ${name} in a template.'),
    deliveries: z.array(deliverySchema).min(1).describe('In order of preference.'),
    mounts: z
      .array(
        z.strictObject({
          path: absolutePath.describe('Where in the container.'),
          subPath: relativePath
            .optional()
            .describe("A directory or a file of the agent's files; default: all of them."),
          readOnly: z.boolean().default(false).describe('The container cannot write there.'),
        }),
      )
      .default([])
      .describe("Where the agent's files are in the container."),
    writable: z
      .array(
        z.strictObject({
          path: absolutePath.describe('Where in the container.'),
          sizeLimit: quantitySchema.default('100Mi').describe('The most that may be in it.'),
          when: conditionSchema.optional().describe('Left out otherwise.'),
        }),
      )
      .default([])
      .describe('Directories that the agent writes into: each gets an emptyDir of its own for each container.'),
    files: z
      .array(
        z.strictObject({
          path: absolutePath.describe('Where in the container.'),
          content: z
            .string()
            .max(16_384)
            .describe('May refer to parameters and facts. Everybody who can see the pod can read it.'),
          when: conditionSchema.optional().describe('Left out otherwise.'),
        }),
      )
      .default([])
      .describe('Configuration files: each is an annotation of the pod, and a read-only mount.'),
    environment: z.array(environmentSchema).default([]).describe('The variables, in order.'),
    tests: z.array(testSchema).default([]).describe('Run by agent-injector lint.'),
  }),
});

export type ProfileDocument = z.infer<typeof profileSchema>;

export type Spec = ProfileDocument['spec'];

export type ProfileTest = Spec['tests'][number];
