import type { ReasonRow } from './reason-kind.ts';

/** The rows about injection that is stopped for a while, which are a part of the reason table. */
export const suspensionTable = {
  suspended: {
    kind: 'suspension',
    meaning:
      'Injection is stopped for the cluster, the namespace or the profile. New pods start without the agent, also where one is required, unless `strictRequired` is on: then they are refused. Running pods keep their agent.',
    hint: 'When the cause is fixed: kubectl agent-injector start, with the same --namespace and --profile as for stop. Then restart the workloads whose pods have no agent.',
  },
  'breaker-open': {
    kind: 'suspension',
    meaning:
      'Pods of the workload, or of several workloads with the profile, failed with the agent, so new pods start without it (`observer.breaker.action` in the chart). A later version of the profile is injected again, and so is one pod after the cooldown. A required pod is refused only where `strictRequired` is on.',
    hint: 'kubectl agent-injector breaker shows why. When the cause is fixed: kubectl agent-injector breaker KIND/NAME -n NAMESPACE --reset (or --profile PROFILE --reset), then restart the workload.',
  },
  'outside-canary': {
    kind: 'exemption',
    meaning:
      'Only a share of the workloads gets the profile for now, and this one is not among them. The pod starts without the agent, also where one is required, unless `strictRequired` is on: then the canary has no effect.',
    hint: 'Raise the percentage to the one that the message names: canary.percent of the profile, or the annotation agent-injector.io/canary of the namespace. Then restart the workload: kubectl agent-injector rollout run -n NAMESPACE.',
  },
  'dry-run': {
    kind: 'suspension',
    meaning:
      'The server only reports what it would inject (`injection: dry-run`): no pod is changed, and none is refused unless `strictRequired` is on.',
    hint: 'To inject: kubectl agent-injector start, or injection: "on" in the configuration.',
  },
} as const satisfies Readonly<Record<string, ReasonRow>>;
