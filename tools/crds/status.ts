import type { Structural } from './structural.ts';

// What agent-injector writes: src/resources has the values.

const count = (description: string): Structural => ({ description, type: 'integer', format: 'int64', minimum: 0 });

const shortText = (description: string, maxLength: number): Structural => ({ description, type: 'string', maxLength });

const observedGeneration = count('The generation of the resource that this is about.');

/** As in metav1.Condition. */
const conditions: Structural = {
  description: 'What is true of the resource.',
  type: 'array',
  maxItems: 16,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['type'],
  items: {
    type: 'object',
    required: ['type', 'status', 'lastTransitionTime', 'reason', 'message'],
    properties: {
      type: shortText('Its name.', 316),
      status: { description: 'True, False or Unknown.', type: 'string', enum: ['True', 'False', 'Unknown'] },
      observedGeneration,
      lastTransitionTime: { description: 'When the status last changed.', type: 'string', format: 'date-time' },
      reason: { ...shortText('Why, in one word: docs/reasons.md.', 1024), minLength: 1 },
      message: shortText('Why, in words.', 32_768),
    },
  },
};

const DESCRIPTION = 'Written by agent-injector.';

export const profileStatus: Structural = {
  description: DESCRIPTION,
  type: 'object',
  properties: {
    observedGeneration,
    conditions,
    hash: shortText('The version in service, as in the status annotation of pods.', 64),
    canaryHash: shortText('The version for a share of the workloads.', 64),
    vendor: shortText('The vendor, also of a profile that extends another.', 1024),
    pods: {
      description: 'Pods with the agent, where the observer runs. More than 1,000 are rounded to two digits.',
      type: 'object',
      properties: {
        injected: count('Pods with the agent.'),
        outdated: count('Those with another version of the profile than the one in service.'),
        unhealthy: count('Those that crash or do not start.'),
      },
    },
  },
};

export const targetStatus: Structural = {
  description: DESCRIPTION,
  type: 'object',
  properties: { observedGeneration, conditions },
};
