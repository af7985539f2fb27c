import * as z from 'zod';
import { PROFILE_API_VERSION } from '../keys.ts';
import { CLUSTER_TARGET_KIND, TARGET_KIND } from './kinds.ts';
import { labelSelectorSchema } from './label-selector.ts';

/** What the API server writes there is not ours to judge. */
const metadata = z.looseObject({ name: z.string().min(1).max(253) });

const PROFILE = '[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?';

const NAMES = `${PROFILE}(,${PROFILE})*`;

const PROFILES = new RegExp(`^(${NAMES}|auto\\(${NAMES}\\))$`);

/** The most parameters of a target. */
export const MAX_PARAMETERS = 64;

/** The fields of both kinds. No field has several types, so that the CRD is a structural schema. */
const targetSpec = {
  profile: z
    .string()
    .min(1)
    .max(512)
    .regex(PROFILES, 'must be names of profiles, comma-separated and without spaces, none, auto or auto(NAME,NAME)')
    .describe(
      'The agent, or several, comma-separated; none: the selected pods get no agent. auto(NAME,NAME): of these, the one for the language that a container is proven to run.',
    ),
  podSelector: labelSelectorSchema.optional().describe('Selects pods by their labels. Default: all pods.'),
  containers: z
    .array(
      z
        .string()
        .min(1)
        .max(300)
        .regex(/^[^,\s]+$/, 'must not contain commas and spaces'),
    )
    .min(1)
    .max(32)
    .optional()
    .describe(
      'The containers that get the agent: names, globs (*, ?), image:GLOB or env:VARIABLE. Default: those that the profile applies to.',
    ),
  parameters: z
    .record(
      z
        .string()
        .max(127)
        .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*(\.[a-z0-9-]+)?$/, 'must be the name of a parameter, or PARAMETER.PROFILE'),
      z.string().max(4096),
    )
    .refine((parameters) => Object.keys(parameters).length <= MAX_PARAMETERS, 'must have at most 64 parameters')
    .optional()
    .describe('Maps parameters of the profile to their values, which are written as in annotations.'),
  delivery: z
    .string()
    .min(1)
    .max(63)
    .regex(/^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/, 'must be the name of a delivery, or auto')
    .optional()
    .describe("The name of one of the profile's deliveries, or auto. Default: the first that fits."),
  rollout: z
    .strictObject({
      percent: z
        .int()
        .min(0)
        .max(100)
        .describe('Share of the selected workloads that get the agent, in percent, as with the annotation canary.'),
    })
    .optional()
    .describe('Only a share of the selected workloads gets the agent. Default: canary of the profile, or all.'),
};

/** An AgentTarget: which pods of its namespace get which agent. */
export const targetSchema = z.strictObject({
  apiVersion: z.literal(PROFILE_API_VERSION),
  kind: z.literal(TARGET_KIND),
  metadata,
  spec: z.strictObject(targetSpec).describe('Which pods of this namespace get which agent.'),
  status: z.looseObject({}).optional().describe('Written by agent-injector.'),
});

/** A ClusterAgentTarget: the same for all namespaces, or those that a selector selects. */
export const clusterTargetSchema = z.strictObject({
  apiVersion: z.literal(PROFILE_API_VERSION),
  kind: z.literal(CLUSTER_TARGET_KIND),
  metadata,
  spec: z
    .strictObject({
      ...targetSpec,
      namespaceSelector: labelSelectorSchema
        .optional()
        .describe('Selects namespaces by their labels. Default: all for which agent-injector is called.'),
    })
    .describe('Which pods of which namespaces get which agent.'),
  status: z.looseObject({}).optional().describe('Written by agent-injector.'),
});

export type TargetSpec = z.infer<typeof targetSchema>['spec'];

export type ClusterTargetSpec = z.infer<typeof clusterTargetSchema>['spec'];
