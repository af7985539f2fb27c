import type { ReasonRow } from './reason-kind.ts';

/** The rows of the notices, which are a part of the reason table. */
export const noticeTable = {
  'unknown-annotation': {
    kind: 'notice',
    meaning: 'An annotation with the prefix agent-injector.io/ has an unknown name.',
    hint: 'Correct the name or remove the annotation.',
  },
  'parameter-locked': {
    kind: 'notice',
    meaning:
      'The parameter was set at a level that may not set it; the value is ignored. The profile decides (`settableBy`), and so does the cluster (`tenancy`).',
    hint: 'Remove the value. To set it for the cluster: `defaults` in the configuration. To allow it here: settableBy of the class that the message names (chart value settableBy), or settableBy of the parameter in the profile.',
  },
  'fact-ignored': {
    kind: 'notice',
    meaning:
      'A label or an annotation of the pod says the value of a parameter in the words of another product, but it is not a valid value. It is ignored.',
    hint: 'Correct the label or the annotation, or set the annotation agent-injector.io/PARAMETER, which wins over it.',
  },
  'parameter-unused': {
    kind: 'notice',
    meaning:
      "The pod sets a parameter that the profile uses with another way of bringing the agent's files only, so it has no effect.",
    hint: 'Remove the annotation, or choose the delivery that uses it: agent-injector.io/delivery. The version of an agent from an image is in the parameter of the image.',
  },
  'setting-locked': {
    kind: 'notice',
    meaning:
      'The setting was set at a level that may not set it; the value is ignored. The cluster decides (`settableBy`). Owners are excluded by the namespace or the cluster. Where an agent is required, the profile, the containers and the delivery that the namespace or the cluster sets cannot be overridden, and with `strictRequired` no pod can opt out.',
    hint: 'Remove the annotation, or ask the owner of the namespace or the cluster administrator to change the setting there (settableBy in the configuration and the chart).',
  },
  'required-opt-out': {
    kind: 'notice',
    meaning:
      'An agent is required for the pod, but the pod or its namespace has opted out, or its workload is outside a canary. The pod is admitted without that agent.',
    hint: 'Remove the label or annotation that the message names if the agent is wanted. To forbid opting out, set strictRequired (required.strict in the chart).',
  },
  'owner-not-excluded': {
    kind: 'notice',
    meaning:
      "The kind of the pod's owner is excluded, but an agent is required for the pod. The exclusion has no effect then, since anyone who creates a pod can claim any owner for it.",
    hint: 'Set agent-injector.io/inject: "false" on the pod template if the pod should start without the agent.',
  },
  advisory: {
    kind: 'notice',
    meaning: 'The agent is injected, and the profile has a warning about this container.',
    hint: 'Read the message; it names what to check.',
  },
  'foreign-agent-present': {
    kind: 'notice',
    meaning: "Another vendor's agent is also in the container; both can run.",
    hint: 'Make sure that both are wanted.',
  },
  'image-variable-kept': {
    kind: 'notice',
    meaning:
      'The image sets a variable that the profile adds to. By the facts about the image, its value is written into the pod together with the part of the agent.',
    hint: 'Nothing. To set the variable yourself, write it into the container: the value of the image does not count then.',
  },
  'image-unknown': {
    kind: 'notice',
    meaning:
      'Facts about images are given, but none about this one, or only some that are too old, or a command may not read them. A variable that the profile adds to replaces one of that name of the image.',
    hint: 'Add the image to the facts (agent-injector image REF -o facts), by digest or by its tag, or make them again. A command needs get on their ConfigMap (cli.readers).',
  },
  'misplaced-key': {
    kind: 'notice',
    meaning:
      'A label or annotation of agent-injector is on the workload itself; only those on its pod template reach a pod.',
    hint: 'Move it to spec.template.metadata (of a CronJob: spec.jobTemplate.spec.template.metadata).',
  },
  'unknown-label': {
    kind: 'notice',
    meaning: 'A label with the prefix agent-injector.io/ has a name or a value that is unknown on a pod.',
    hint: 'Correct it, or use an annotation if that is what was meant.',
  },
  'container-not-found': {
    kind: 'notice',
    meaning: 'A setting names a container that does not exist in the pod.',
    hint: 'Correct the name.',
  },
} as const satisfies Readonly<Record<string, ReasonRow>>;
