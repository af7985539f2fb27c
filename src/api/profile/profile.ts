import * as z from 'zod';
import { PROFILE_API_VERSION, PROFILE_KIND } from '../keys.ts';
import { parseVersion } from '../../kubernetes/version.ts';
import { LIBCS } from '../keys.ts';
import { conditionSchema } from './condition.ts';
import { deliverySchema } from './delivery.ts';
import { detectSchema } from './detect.ts';
import { environmentSchema } from './environment.ts';
import { matcherSchema } from './matcher.ts';
import { parameterSchema } from './parameter.ts';
import { absolutePath, dashedWords, quantitySchema, relativePath } from './scalars.ts';
import { signsOfLifeSchema } from './signs-of-life.ts';

const name = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?$/, 'must be a DNS label of at most 53 characters');

const constraintsSchema = z.strictObject({
  os: z
    .array(z.enum(['linux', 'windows']))
    .min(1)
    .describe('Operating systems that the agent supports. A pod for another one is not injected.'),
  arch: z.array(z.string()).min(1).optional().describe('Supported values of kubernetes.io/arch, such as amd64.'),
  libc: z
    .array(z.enum(LIBCS))
    .min(1)
    .optional()
    .describe('C libraries that the agent supports. The first one is assumed if the library of the image is unknown.'),
  kubernetes: z
    .string()
    .refine((text) => parseVersion(text) !== undefined, 'must be a version such as 1.30')
    .optional()
    .describe('Minimum version of the API server.'),
  excludeOwners: z.array(z.string()).default([]).describe('Kinds of owners whose pods are skipped, such as Job.'),
});

const percentage = z.int().min(0).max(100);

const canarySchema = z.strictObject({
  percent: percentage.optional().describe('Share of the workloads that get the agent. Default: all.'),
  version: z
    .strictObject({
      percent: percentage.describe('Share of the workloads that get the values.'),
      values: z
        .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
        .describe('Maps parameters to values, which replace the defaults of the profile and of the cluster.'),
    })
    .optional()
    .describe('Another version for a share of the workloads.'),
});

const ONE_OF = 'must have one of secret, configMap and hostPath';

const adviceSchema = z.strictObject({
  code: dashedWords.describe('Identifies it in messages and tests.'),
  match: z.array(matcherSchema).min(1).describe('All of them must match the container.'),
  message: z
    .string()
    .describe('One sentence for the user of at most 400 characters, without a capital letter and a full stop.'),
});

const testSchema = z.strictObject({
  name: z.string().describe('Name of the test.'),
  namespace: z
    .record(z.string(), z.string())
    .default({})
    .describe('Settings in the annotations of the namespace, such as domain-id: "7".'),
  pod: z
    .looseObject({})
    .default({})
    .describe('A pod, or the relevant parts of one. Default: one empty container "app".'),
  kubernetes: z.string().optional().describe('Version of the API server.'),
  expect: z
    .strictObject({
      outcome: z.enum(['injected', 'skipped']).describe('Outcome for the pod.'),
      reason: z.string().optional().describe('Reason code, if the pod is skipped.'),
      conflict: z.string().optional().describe('Code of the conflict of this profile that is the reason.'),
      container: z
        .string()
        .optional()
        .describe('Container or init container that the rest is about. Default: "app", or else the first container.'),
      delivery: z.string().optional().describe('Name of the delivery that is used.'),
      environment: z
        .record(z.string(), z.union([z.string(), z.null(), z.looseObject({})]))
        .default({})
        .describe(
          'Variables of the container after injection: a value, null for a variable that does not exist, or a part of valueFrom.',
        ),
      mounts: z.array(z.string()).default([]).describe('Mount paths of the container after injection.'),
      advisories: z.array(z.string()).optional().describe('Codes of all advisories that are reported.'),
      annotations: z
        .record(z.string(), z.union([z.string(), z.null()]))
        .default({})
        .describe('Annotations of the pod after injection; null means that the annotation does not exist.'),
    })
    .describe('Expected result.'),
});

/** An AgentProfile document. Types, error messages and the published JSON Schema are derived from this schema. */
export const profileSchema = z.strictObject({
  apiVersion: z.literal(PROFILE_API_VERSION),
  kind: z.literal(PROFILE_KIND),
  metadata: z.strictObject({ name }),
  spec: z.strictObject({
    extends: name.optional().describe('Profile to extend. The spec of this profile is merged over it.'),
    vendor: z.string().describe('Vendor of the agent.'),
    description: z.string().describe('One sentence about the agent.'),
    language: z.string().optional().describe('Runtime, such as dotnet, java, nodejs, python or php.'),
    detect: detectSchema.optional(),
    documentation: z.url().optional().describe("The vendor's documentation of the agent."),
    sources: z.array(z.string()).default([]).describe('Sources of the facts in this profile.'),
    namespaces: z.array(z.string()).optional().describe('Names or globs of the allowed namespaces. Default: all.'),
    suspended: z
      .boolean()
      .default(false)
      .describe('With true, the profile is not injected for now. Pods start without it, with a record and a warning.'),
    canary: canarySchema.optional().describe('Only a share of the workloads gets the agent, or its next version.'),
    constraints: constraintsSchema.describe('Where the agent can run.'),
    containers: z
      .strictObject({
        include: z.array(matcherSchema).min(1).optional().describe('Selects containers that match any of these.'),
        exclude: z.array(matcherSchema).default([]).describe('Excludes containers that match any of these.'),
      })
      .default({ exclude: [] })
      .describe('App containers that get the agent if no setting names the containers.'),
    slots: z.array(z.string()).default([]).describe('Slots that the agent uses; each has room for one agent.'),
    conflicts: z.array(adviceSchema).default([]).describe('Conflicts that prevent injection into a container.'),
    advisories: z.array(adviceSchema).default([]).describe('Warnings that do not affect the decision.'),
    parameters: z.array(parameterSchema).default([]).describe('Parameters that users can set with annotations.'),
    variants: z
      .array(
        z.strictObject({
          name: dashedWords.describe('The template variable is ${NAME}.'),
          from: z.string().describe('libc, arch, or a parameter of type enum or boolean.'),
          values: z.record(z.string(), z.string()).describe('Maps each value of `from` to the value of this variant.'),
        }),
      )
      .default([])
      .describe('Values that depend on another value, for templates: ${name}.'),
    deliveries: z.array(deliverySchema).min(1).describe('Deliveries in order of preference.'),
    mounts: z
      .array(
        z.strictObject({
          path: absolutePath.describe('Path in the container.'),
          subPath: relativePath.optional().describe('Directory or file of the agent. Default: all its files.'),
          readOnly: z.boolean().default(false).describe('The container cannot write there.'),
        }),
      )
      .default([])
      .describe("Where the agent's files are mounted in the container."),
    writablePaths: z
      .array(
        z.strictObject({
          path: absolutePath.describe('Path in the container.'),
          sizeLimit: quantitySchema.default('100Mi').describe('Size limit of the emptyDir.'),
          when: conditionSchema.optional().describe('The directory is omitted unless the condition holds.'),
        }),
      )
      .default([])
      .describe('Directories that the agent writes to. Each container gets its own emptyDir for each of them.'),
    files: z
      .array(
        z.strictObject({
          path: absolutePath.describe('Path in the container.'),
          content: z
            .string()
            .max(16_384)
            .describe('May contain parameters and built-in values. Anyone who can read the pod can read it.'),
          when: conditionSchema.optional().describe('The file is omitted unless the condition holds.'),
        }),
      )
      .default([])
      .describe('Configuration files. Each is stored in an annotation of the pod and mounted read-only.'),
    objects: z
      .array(
        z
          .strictObject({
            path: absolutePath.describe('Path in the container. Each key of a Secret or ConfigMap is a file in it.'),
            secret: z.string().min(1).optional().describe('Name of a Secret in the namespace of the pod.'),
            configMap: z.string().min(1).optional().describe('Name of a ConfigMap in the namespace of the pod.'),
            hostPath: z
              .string()
              .min(1)
              .optional()
              .describe(
                'Path of a directory of the node, for a socket in it. A parameter in it must be of type path or version. While it is mounted, the agent is not ' +
                  'injected where Pod Security forbids hostPath volumes.',
              ),
            when: conditionSchema.optional().describe('The object is omitted unless the condition holds.'),
          })
          .refine(
            ({ secret, configMap, hostPath }) => [secret, configMap, hostPath].filter(Boolean).length === 1,
            ONE_OF,
          )
          .meta({ oneOf: [{ required: ['secret'] }, { required: ['configMap'] }, { required: ['hostPath'] }] }),
      )
      .default([])
      .describe(
        'Secrets and ConfigMaps that are mounted read-only, such as certificates, and directories of the node with sockets. The pod starts without them, too: ' +
          'then the directory is empty.',
      ),
    environment: z.array(environmentSchema).default([]).describe('Environment variables, in order.'),
    signsOfLife: signsOfLifeSchema.optional().describe('What shows that the agent works in a container.'),
    tests: z.array(testSchema).default([]).describe('Tests that agent-injector lint runs.'),
  }),
});

type ProfileDocument = z.infer<typeof profileSchema>;

export type Spec = ProfileDocument['spec'];

export type ProfileTest = Spec['tests'][number];
