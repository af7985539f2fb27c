import { noticeTable } from './notice-table.ts';
import type { ReasonRow } from './reason-kind.ts';
import type { ReasonCode } from './reason.ts';
import { languageTable } from './language-reasons.ts';
import { suspensionTable } from './suspension-table.ts';

/** Every reason code. Codes are public: metrics, logs and annotations contain them, and a code never changes its meaning. */
export const reasonTable: { readonly [code in ReasonCode]: ReasonRow } = {
  'not-a-pod': {
    kind: 'failure',
    meaning: 'The review is about something other than a Pod.',
    hint: 'Restrict the webhook configuration to the resource `pods`, without subresources.',
  },
  'not-a-creation': {
    kind: 'failure',
    meaning: 'The review is about an update or a deletion; an agent can only be injected when a pod is created.',
    hint: 'Restrict the webhook configuration to the operation `CREATE`.',
  },
  'mirror-pod': {
    kind: 'exemption',
    meaning:
      'The pod is the mirror pod of a static pod, which the kubelet runs from a file, whatever the API server says.',
    hint: 'Add the agent to the static pod manifest by hand, or with `agent-injector inject -f`.',
  },
  'namespace-not-enabled': {
    kind: 'choice',
    meaning: 'The namespace does not have the label that turns injection on.',
    hint: 'To turn it on: kubectl label namespace NAME agent-injector.io/injection=enabled --overwrite',
  },
  'other-revision': {
    kind: 'choice',
    meaning: 'The namespace is served by another release of agent-injector in the cluster.',
    hint: 'None needed if another release serves the namespace. To change it: kubectl label namespace NAME agent-injector.io/revision=REVISION --overwrite, or remove the label for the release without a revision.',
  },
  'opted-out': {
    kind: 'exemption',
    meaning: 'The pod or its namespace has opted out of injection.',
    hint: 'Set the annotation agent-injector.io/inject: "true" on the pod template, or remove the label or annotation that the message names.',
  },
  ...suspensionTable,
  ...languageTable,
  'already-instrumented': {
    kind: 'satisfied',
    meaning:
      "The container already has the agent, added by hand or by an earlier injection: its variables are set, and the agent's files are mounted, or a setting says that they are in the image.",
    hint: 'None needed. If the variables are written by hand and agent-injector should manage the agent, remove them from the pod template.',
  },
  'injected-by-policy': {
    kind: 'satisfied',
    meaning:
      'An admission policy that `agent-injector export policy` has written has injected the pod. Policies run before webhooks, so the webhook leaves the pod as it is.',
    hint: 'None needed. To let the webhook inject, delete the binding of the policy: kubectl delete mutatingadmissionpolicybinding PROFILE.agent-injector.io',
  },
  'variables-already-set': {
    kind: 'unverified',
    meaning:
      "The container has the agent's variables, but no mount of its files. The files may be in the image, which agent-injector cannot see, so the container is left as it is.",
    hint: 'Remove the hand-written variables from the pod template, or set agent-injector.io/delivery: preinstalled if the agent is in the image (in a required namespace: on the namespace).',
  },
  'malformed-pod': {
    kind: 'failure',
    meaning: 'The object in the review does not have the structure of a Pod.',
    hint: 'Compare the field that the message names with `kubectl explain pod.spec`.',
  },
  'no-profile': {
    kind: 'choice',
    meaning: 'No agent is selected: no profile is set, or it is `none`.',
    hint: 'Set the annotation agent-injector.io/profile on the namespace or the pod template.',
  },
  'unknown-profile': {
    kind: 'problem',
    meaning: 'The selected profile does not exist.',
    hint: 'Correct the name, or name the directory of your own profiles with --profiles. The profiles: agent-injector profiles',
  },
  'unknown-delivery': {
    kind: 'problem',
    meaning: 'The profile does not have a delivery with this name.',
    hint: 'Use one of the deliveries that the message lists, or remove the annotation.',
  },
  'invalid-value': {
    kind: 'problem',
    meaning: 'A setting has an invalid value.',
    hint: 'Correct the value of the key that the message names.',
  },
  'value-too-long': {
    kind: 'problem',
    meaning: 'An annotation of the namespace is longer than 1,024 characters, or all of them than 8,192.',
    hint: 'Shorten the annotation that the message names, or move it to the pod template.',
  },
  'missing-parameter': {
    kind: 'problem',
    meaning: 'The profile requires a parameter that is not set.',
    hint: 'Set the annotation, for example with kubectl annotate namespace NAMESPACE agent-injector.io/PARAMETER=VALUE, or a default in the configuration file.',
  },
  'owner-excluded': {
    kind: 'choice',
    meaning: 'The namespace or the profile excludes pods with an owner of this kind.',
    hint: 'Remove the kind from the annotation agent-injector.io/exclude-owners, or from the profile.',
  },
  'profile-not-allowed': {
    kind: 'problem',
    meaning: 'The profile is not allowed in this namespace, or not in this cluster.',
    hint: 'Use another profile. To allow this one: the owner of the profile adds the namespace to spec.namespaces, or the cluster administrator changes allowedProfiles or builtInProfiles, whichever the message names.',
  },
  'no-target-container': {
    kind: 'problem',
    meaning:
      'No container of the pod is selected: all are known sidecars, none matches the annotation, or the profile applies to none of them.',
    hint: "Name one of the pod's containers in the annotation agent-injector.io/containers.",
  },
  'os-unsupported': {
    kind: 'problem',
    meaning: 'The agent does not support the operating system of the pod.',
    hint: 'Set agent-injector.io/inject: "false" on the pod template, or use another profile.',
  },
  'arch-unsupported': {
    kind: 'problem',
    meaning: 'The agent does not support the processor architecture of the nodes that the pod can run on.',
    hint: 'Set agent-injector.io/inject: "false" on the pod template, or use another profile.',
  },
  'libc-unsupported': {
    kind: 'problem',
    meaning: "The agent does not support the C library of the container's image (Alpine has musl).",
    hint: 'Use an image with the other C library. If the library was guessed wrong, set agent-injector.io/libc to glibc or musl.',
  },
  'image-conflict': {
    kind: 'problem',
    meaning:
      "By the facts about the image, it carries another agent, or sets variables that are in the way of the profile's agent. The pod does not show it.",
    hint: 'Take the agent or the variables out of the image, or set agent-injector.io/inject: "false" on the pod template. If the image no longer has them, make its facts again: agent-injector image.',
  },
  'kubernetes-unsupported': {
    kind: 'problem',
    meaning: 'The profile requires a later version of Kubernetes.',
    hint: 'Use another profile, or upgrade the cluster.',
  },
  'delivery-not-possible': {
    kind: 'problem',
    meaning: 'The delivery that a setting names cannot be used for this pod.',
    hint: 'Remove the annotation agent-injector.io/delivery; the first delivery that fits is then used.',
  },
  'no-fitting-delivery': {
    kind: 'problem',
    meaning: "None of the profile's deliveries can be used for this pod.",
    hint: 'Set the parameter that the message names, or use a profile with another delivery.',
  },
  'claim-unusable': {
    kind: 'problem',
    meaning:
      "The claim that holds the agent's files does not exist, or the pod would have to wait for it and would not start.",
    hint: 'If the claim does not exist, create it in the namespace. If it can be mounted by one node or pod only, make it with the access mode ReadWriteMany or ReadOnlyMany. Or name another one with agent-injector.io/claim-name (or the parameter that the profile uses).',
  },
  'foreign-agent': {
    kind: 'problem',
    meaning: "Another vendor's agent is already in the container, and the two cannot run together.",
    hint: 'Remove the other agent from the place that the message names, or set agent-injector.io/inject: "false".',
  },
  'slot-shared': {
    kind: 'problem',
    meaning:
      "The container has the agent of the profile, and another vendor's agent in the same place of the process. Another injector that was called later has added it, or it was there from the start.",
    hint: 'Switch one of the two off for the container: remove what asks for the other agent, or set agent-injector.io/inject: "false". Then create the pod again.',
  },
  'foreign-agent-requested': {
    kind: 'problem',
    meaning:
      'An annotation of the pod or of its namespace asks another injector for an agent in the same place of the process. The container is left to that injector, whether it is installed or not.',
    hint: 'Remove the annotation that the message names if this agent is wanted, or set agent-injector.io/inject: "false" if the other one is.',
  },
  'slot-taken': {
    kind: 'problem',
    meaning: 'Two selected profiles need the same slot of one process.',
    hint: 'Select one of them for the container: profile.agent-injector.io/CONTAINER.',
  },
  'profile-conflict': {
    kind: 'problem',
    meaning: 'The profile declares a conflict with something that is in the container.',
    hint: 'Change what the message names, or set agent-injector.io/inject: "false".',
  },
  'unproven-variable': {
    kind: 'problem',
    meaning:
      'The agent must extend a variable, and it is unknown whether the variable exists where it is needed: it may come by envFrom, its reference is optional, or it stands behind the variable that refers to it. A reference to a missing one would reach the app as text.',
    hint: 'By envFrom: list the variables that it provides in agent-injector.io/env-from-keys: NAMES (or none), or let agent-injector read the keys (configMapKeys in the chart). An optional reference: write the value, or remove optional: true. Order: move the variable up.',
  },
  'foreign-profiler': {
    kind: 'problem',
    meaning: "Another vendor's agent already uses the slot that this agent needs.",
    hint: 'Remove the other agent\'s variables from the container, or set agent-injector.io/inject: "false".',
  },
  'profiling-disabled': {
    kind: 'problem',
    meaning: 'The pod turns profiling off.',
    hint: 'Remove the variable that the message names if the agent is wanted.',
  },
  'conflicting-variable': {
    kind: 'problem',
    meaning: 'A variable has a different value from the one that the agent requires.',
    hint: 'Remove the variable from the container, or set it to the value in the profile.',
  },
  'mount-path-taken': {
    kind: 'problem',
    meaning: 'Another volume is mounted where the files of the agent must be, or read-only above that place.',
    hint: 'Mount the other volume elsewhere, or use the delivery `preinstalled` if the agent is in the image.',
  },
  'namespace-unknown': {
    kind: 'failure',
    meaning: 'The API server does not know the namespace of the review.',
    hint: 'If the namespace is new, create the pod again.',
  },
  'namespace-unavailable': {
    kind: 'failure',
    meaning: 'The namespace could not be read in time.',
    hint: 'Check whether agent-injector can reach the API server: see its log and /readyz. Then create the pod again.',
  },
  'patch-too-large': {
    kind: 'failure',
    meaning: 'The patch for all containers of the pod would be too large to send to the API server.',
    hint: 'Name the containers that need the agent in the annotation agent-injector.io/containers.',
  },
  'annotations-full': {
    kind: 'problem',
    meaning: 'The annotations that the agent needs do not fit into the 256 KiB that an object may have.',
    hint: 'Shorten or remove annotations of the pod template.',
  },
  'rule-broken': {
    kind: 'failure',
    meaning: 'The patch would break one of the guarantees of agent-injector, so it was discarded.',
    hint: 'This is a bug in agent-injector or in a profile. Please report it, with the pod.',
  },
  'internal-error': {
    kind: 'failure',
    meaning: 'agent-injector failed; the pod is left unchanged.',
    hint: 'This is a bug. Please report it, with the log line that has the same uid.',
  },
  overloaded: {
    kind: 'failure',
    meaning: 'More reviews arrived at once than agent-injector can answer in time; the pod was not examined.',
    hint: 'Create the pod again (kubectl rollout restart). If this keeps happening, give agent-injector more CPU or more replicas.',
  },
  ...noticeTable,
};

// Object.keys gives string[]; these are exactly the keys of the table above.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
export const reasonCodes = Object.keys(reasonTable) as readonly ReasonCode[];
