export type ConditionStatus = 'True' | 'False' | 'Unknown';

/** What a reason of a condition stands for. */
export interface ConditionRow {
  readonly type: ConditionType;
  readonly status: ConditionStatus;
  readonly meaning: string;
  readonly hint: string;
}

/** The conditions of AgentProfile, AgentTarget and ClusterAgentTarget. */
export const CONDITION_TYPES = ['Accepted', 'Ready', 'InUse', 'Degraded', 'Conflict'] as const;

export type ConditionType = (typeof CONDITION_TYPES)[number];

const NOTHING = 'None needed.';

/** Every reason of a condition, each of one condition and one status. They are public, and a reason never changes its meaning. */
export const conditionTable = {
  Valid: { type: 'Accepted', status: 'True', meaning: 'The resource has no errors.', hint: NOTHING },
  Invalid: {
    type: 'Accepted',
    status: 'False',
    meaning: 'The resource has errors. The message has the first three of them.',
    hint: 'Correct the fields that the message names. `agent-injector lint FILE` says the same before the file is applied.',
  },
  UnknownProfile: {
    type: 'Accepted',
    status: 'False',
    meaning:
      'The target names a profile that does not exist. It has no effect on the pods that it selects for that profile.',
    hint: 'List the profiles: kubectl agent-injector profiles. Then correct spec.profile, or apply the profile.',
  },
  InService: {
    type: 'Ready',
    status: 'True',
    meaning: 'New pods get this generation of the profile.',
    hint: NOTHING,
  },
  KeptLastGood: {
    type: 'Ready',
    status: 'False',
    meaning: 'This generation of the profile has errors, so new pods get the last one without errors.',
    hint: 'Correct the errors that the condition Accepted names. A server that starts meanwhile does not know the last one: then the reason is `NotInService`.',
  },
  NotInService: {
    type: 'Ready',
    status: 'False',
    meaning: 'The profile has errors, and no earlier generation without errors is known. New pods do not get it.',
    hint: 'Correct the errors that the condition Accepted names.',
  },
  PodsInjected: { type: 'InUse', status: 'True', meaning: 'Pods have the agent.', hint: NOTHING },
  NoPods: {
    type: 'InUse',
    status: 'False',
    meaning: 'No pod has the agent.',
    hint: 'None needed if no pod should have it. Otherwise: kubectl agent-injector status, and kubectl agent-injector explain for a pod.',
  },
  BreakerOpen: {
    type: 'Degraded',
    status: 'True',
    meaning: 'A circuit breaker is open for the profile in service: pods fail because of the agent.',
    hint: 'kubectl agent-injector breaker shows where and why.',
  },
  PodsUnhealthy: {
    type: 'Degraded',
    status: 'True',
    meaning: 'Pods with the agent crash or do not start. Whether the agent is the cause is not said.',
    hint: 'kubectl agent-injector status -A shows their workloads, and kubectl agent-injector breaker whether the agent is the cause.',
  },
  NoneUnhealthy: {
    type: 'Degraded',
    status: 'False',
    meaning: 'No pod with the agent crashes, and no circuit breaker is open for the profile in service.',
    hint: NOTHING,
  },
  OtherTargetFirst: {
    type: 'Conflict',
    status: 'True',
    meaning: 'Another target also selects some of the pods, and comes before this one. The message names it.',
    hint: 'Make the selectors disjoint. Targets are never merged: the first one decides.',
  },
  NoConflict: {
    type: 'Conflict',
    status: 'False',
    meaning: 'No other target takes pods from this one.',
    hint: NOTHING,
  },
} as const satisfies Readonly<Record<string, ConditionRow>>;

export type ConditionReason = keyof typeof conditionTable;
