import type { ReasonCode } from './reason.ts';

/**
 * What kind of reason it is decides how it is treated:
 * - `choice`: nobody asked for an agent here. The pod is left as it is, in silence.
 * - `satisfied`: the agent is there already. Recorded on the pod.
 * - `problem`: an agent was asked for and cannot be given. Recorded, warned of, and refused where the pod is `required`.
 * - `failure`: it is our fault or the cluster's. The pod is left as it is; warned of, and refused where the pod is `required`.
 * - `notice`: told beside a decision that it does not change.
 */
export type ReasonKind = 'choice' | 'satisfied' | 'problem' | 'failure' | 'notice';

export interface ReasonRow {
  readonly kind: ReasonKind;
  /** What it means, in one sentence. */
  readonly meaning: string;
  /** What to do about it. */
  readonly hint: string;
}

/** Every reason code. Codes are public: they stand in metrics, logs and annotations, and are never reused for something else. */
export const reasonTable: { readonly [code in ReasonCode]: ReasonRow } = {
  'not-a-pod': {
    kind: 'failure',
    meaning: 'The review is about something else than a Pod.',
    hint: 'Let the webhook configuration name only the resource `pods`, without subresources.',
  },
  'not-a-creation': {
    kind: 'failure',
    meaning: 'The review is about an update or a deletion; an agent can only be put into a pod as it is created.',
    hint: 'Let the webhook configuration name only the operation `CREATE`.',
  },
  'mirror-pod': {
    kind: 'choice',
    meaning: 'The pod mirrors a static pod of a kubelet, which runs it from a file whatever the API server says.',
    hint: 'Put the agent into the static manifest by hand, or with `agent-injector inject -f`.',
  },
  'namespace-not-enabled': {
    kind: 'choice',
    meaning: 'The namespace does not carry the label that turns injection on.',
    hint: 'kubectl label namespace NAME agent-injector.io/injection=enabled',
  },
  'opted-out': {
    kind: 'choice',
    meaning: 'The pod, or its namespace, asks not to be injected.',
    hint: 'Set the annotation agent-injector.io/inject: "true" on the pod template, or remove what is named.',
  },
  'already-instrumented': {
    kind: 'satisfied',
    meaning: 'The agent is there already: written by hand, or by an earlier injection.',
    hint: 'Nothing to do. To let agent-injector manage it, remove the hand-written variables from the pod template.',
  },
  'malformed-pod': {
    kind: 'failure',
    meaning: 'The pod in the review does not have the shape of a Pod.',
    hint: 'Compare the named field with `kubectl explain pod.spec`.',
  },
  'no-profile': {
    kind: 'choice',
    meaning: 'No agent was chosen: no profile is set, or it is `none`.',
    hint: 'Set the annotation agent-injector.io/profile on the namespace or the pod template.',
  },
  'unknown-profile': {
    kind: 'problem',
    meaning: 'The chosen profile does not exist.',
    hint: 'Correct the name; the profiles are listed in docs/reference.md.',
  },
  'unknown-delivery': {
    kind: 'problem',
    meaning: 'The profile has no delivery of that name.',
    hint: 'Choose one that the profile has, or remove the annotation.',
  },
  'invalid-value': {
    kind: 'problem',
    meaning: 'A setting has a value that it cannot have.',
    hint: 'Correct the value at the key that is named.',
  },
  'missing-parameter': {
    kind: 'problem',
    meaning: 'The profile needs a parameter that nobody gave.',
    hint: 'Set the annotation agent-injector.io/PARAMETER on the namespace, or a default in the configuration file.',
  },
  'owner-excluded': {
    kind: 'choice',
    meaning: 'Pods of that kind of owner are left alone: the namespace or the profile says so.',
    hint: 'Remove the kind from the annotation agent-injector.io/exclude-owners, or from the profile.',
  },
  'profile-not-allowed': {
    kind: 'problem',
    meaning: 'The profile is not for this namespace.',
    hint: 'Choose another profile, or ask who owns the profile to add the namespace to spec.namespaces.',
  },
  'no-target-container': {
    kind: 'problem',
    meaning:
      'No container of the pod is to get the agent: all are known sidecars, none matches the annotation, or none is what the profile is for.',
    hint: 'Name the container in the annotation agent-injector.io/containers.',
  },
  'os-unsupported': {
    kind: 'problem',
    meaning: 'The pod is for an operating system that the agent does not run on.',
    hint: 'Set agent-injector.io/inject: "false" on the pod template, or choose another profile.',
  },
  'arch-unsupported': {
    kind: 'problem',
    meaning: 'The pod is for nodes with a processor that the agent does not run on.',
    hint: 'Set agent-injector.io/inject: "false" on the pod template, or choose another profile.',
  },
  'libc-unsupported': {
    kind: 'problem',
    meaning: "The agent is not made for the C library of the container's image (Alpine has musl).",
    hint: 'Use an image with the other C library. If the name misleads: agent-injector.io/libc: glibc (or musl).',
  },
  'kubernetes-unsupported': {
    kind: 'problem',
    meaning: 'The profile needs a newer Kubernetes.',
    hint: 'Choose another profile, or upgrade the cluster.',
  },
  'delivery-not-possible': {
    kind: 'problem',
    meaning: 'The delivery that was named cannot be used for this pod.',
    hint: 'Remove the annotation agent-injector.io/delivery: the first delivery that fits is taken then.',
  },
  'no-fitting-delivery': {
    kind: 'problem',
    meaning: "None of the profile's deliveries can be used for this pod.",
    hint: 'Give the parameter that is named, or choose a profile with another delivery.',
  },
  'claim-unusable': {
    kind: 'problem',
    meaning:
      "The claim that holds the agent's files is not there, or the pod would have to wait for it: it would not start.",
    hint: 'Create the claim in the namespace, or name another with agent-injector.io/claim-name (or what the profile calls it).',
  },
  'foreign-agent': {
    kind: 'problem',
    meaning: "Another vendor's agent is in the container already, and the two cannot share it.",
    hint: 'Remove the other agent from where it was seen, or set agent-injector.io/inject: "false".',
  },
  'slot-taken': {
    kind: 'problem',
    meaning: 'Two profiles were chosen that both need the same place in one process.',
    hint: 'Choose one of them for the container: profile.agent-injector.io/CONTAINER.',
  },
  'profile-conflict': {
    kind: 'problem',
    meaning: 'The profile says that its agent cannot run beside something that is in the container.',
    hint: 'Change what is named, or set agent-injector.io/inject: "false".',
  },
  'unproven-variable': {
    kind: 'problem',
    meaning:
      'The agent must be added to a variable that may come from a ConfigMap or a Secret, and nobody knows whether it is there. A reference to a missing one would reach the app as text.',
    hint: 'Say which variables come by envFrom: agent-injector.io/env-from-keys: NAMES (or none), or let agent-injector read the keys (configMapKeys in the chart).',
  },
  'foreign-profiler': {
    kind: 'problem',
    meaning: "Another vendor's agent already sits in the one place that both need.",
    hint: 'Remove the other agent\'s variables from the container, or agent-injector.io/inject: "false".',
  },
  'profiling-disabled': {
    kind: 'problem',
    meaning: 'The author of the pod switched profiling off.',
    hint: 'Remove the variable that is named, if the agent is wanted.',
  },
  'conflicting-variable': {
    kind: 'problem',
    meaning: 'A variable that must hold the agent’s own value holds another.',
    hint: 'Remove the variable from the container, or set it to what the profile says.',
  },
  'mount-path-taken': {
    kind: 'problem',
    meaning: 'Another volume is mounted where the agent’s files must be.',
    hint: 'Mount the other volume elsewhere, or choose the delivery `baked` if the agent is in the image.',
  },
  'namespace-unknown': {
    kind: 'failure',
    meaning: 'The API server does not know the namespace that the review names.',
    hint: 'If the namespace is new, create the pod again.',
  },
  'namespace-unavailable': {
    kind: 'failure',
    meaning: 'The namespace could not be read in time.',
    hint: 'See whether agent-injector reaches the API server: its log and /readyz say so. Then create the pod again.',
  },
  'patch-too-large': {
    kind: 'failure',
    meaning: 'The patch for all containers of the pod would be larger than an API server should be sent.',
    hint: 'Name the containers that need the agent in the annotation agent-injector.io/containers.',
  },
  'rule-broken': {
    kind: 'failure',
    meaning: 'The patch that was made would have broken one of the promises of agent-injector, so it was thrown away.',
    hint: 'This is a defect of agent-injector or of a profile: please report it with the pod.',
  },
  'internal-error': {
    kind: 'failure',
    meaning: 'Something in agent-injector failed; the pod is left as it is.',
    hint: 'This is a defect: please report it with the log line of the same uid.',
  },
  overloaded: {
    kind: 'failure',
    meaning: 'More reviews came at once than agent-injector can answer in time; the pod was not looked at.',
    hint: 'Create the pod again (kubectl rollout restart). Should it go on, give agent-injector more CPU or more replicas.',
  },
  'unknown-annotation': {
    kind: 'notice',
    meaning: 'An annotation under the prefix agent-injector.io/ has a name that means nothing.',
    hint: 'Correct the name or remove the annotation.',
  },
  'parameter-locked': {
    kind: 'notice',
    meaning: 'A parameter was given by somebody whom the profile does not let set it; what he says is passed over.',
    hint: 'Remove it, or ask who owns the profile (settableBy).',
  },
  advisory: {
    kind: 'notice',
    meaning: 'The agent goes in, and the profile has something to say about this container.',
    hint: 'Read the message: it names what to look at.',
  },
  'foreign-agent-present': {
    kind: 'notice',
    meaning: "Another vendor's agent is in the container, too; both can run.",
    hint: 'Make sure that both are wanted.',
  },
  'misplaced-key': {
    kind: 'notice',
    meaning:
      'A label or an annotation of ours stands on the workload itself; only what is on its pod template reaches a pod.',
    hint: 'Move it to spec.template.metadata (of a CronJob: spec.jobTemplate.spec.template.metadata).',
  },
  'unknown-label': {
    kind: 'notice',
    meaning: 'A label under the prefix agent-injector.io/ has a name or a value that means nothing on a pod.',
    hint: 'Correct it, or write it as an annotation if that is what was meant.',
  },
  'container-not-found': {
    kind: 'notice',
    meaning: 'A container that is named does not exist in the pod.',
    hint: 'Correct the name.',
  },
};
