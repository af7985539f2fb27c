import { CANARY, CANARY_VERSION, INJECTED, STATUS, SUSPENDED } from './keys.ts';

/** A label or annotation other than a parameter. The table in docs/reference/annotations.md is generated from these rows. */
export interface KeyRow {
  readonly name: string;
  readonly as: 'label' | 'annotation';
  readonly on: readonly ('namespace' | 'pod' | 'container')[];
  readonly values: string;
  readonly meaning: string;
}

export const keyTable: readonly KeyRow[] = [
  {
    name: 'injection',
    as: 'label',
    on: ['namespace'],
    values: '`enabled` or `required`',
    meaning:
      'Turns injection on for the namespace. `enabled` fails open: a pod that cannot be injected starts without the agent. ' +
      '`required` fails closed: such a pod is refused, with the reason. With any other value, or none, the API server never calls agent-injector.',
  },
  {
    name: 'injection',
    as: 'label',
    on: ['pod'],
    values: '`disabled` or `required`',
    meaning:
      '`disabled`: this pod is not injected. In a `required` namespace this leaves a warning and a record, and has no effect with ' +
      '`strictRequired`. `required`: this pod fails closed, whatever the label of its namespace.',
  },
  {
    name: 'revision',
    as: 'label',
    on: ['namespace'],
    values: 'the `revision` of a release',
    meaning:
      'Where several releases run in one cluster: the one that serves the namespace. Without the label, it is the release without a revision.',
  },
  {
    name: 'inject',
    as: 'annotation',
    on: ['namespace', 'pod'],
    values: '`"true"` or `"false"`',
    meaning:
      'Turns injection off or on. With `"false"` on the namespace, each pod must opt in, with `"true"` on the pod. Where an agent is required, ' +
      '`"false"` leaves a warning and a record, and has no effect with `strictRequired`.',
  },
  {
    name: 'profile',
    as: 'annotation',
    on: ['namespace', 'pod', 'container'],
    values: 'profile names, comma-separated, `none`, `auto` or `auto(NAME, NAME)`',
    meaning:
      'The agents to inject. `auto`: of the named profiles, or those of `auto-profiles`, the one for the language that the container is proven to run.',
  },
  {
    name: 'auto-profiles',
    as: 'annotation',
    on: ['namespace'],
    values: 'profile names, comma-separated',
    meaning: 'The profiles that `profile: auto` chooses from, one for each language.',
  },
  {
    name: 'containers',
    as: 'annotation',
    on: ['namespace', 'pod'],
    values: 'names, globs (`*`, `?`), `image:GLOB` or `env:VARIABLE`, comma-separated',
    meaning:
      'The containers that get the agent. Default: every app container that the profile applies to, without known sidecars. Globs, images ' +
      'and variables match only app containers; an init container or a native sidecar must be named in full. ' +
      '`containers.PROFILE` applies to one profile.',
  },
  {
    name: 'delivery',
    as: 'annotation',
    on: ['namespace', 'pod'],
    values: "the name of one of the profile's deliveries, or `auto`",
    meaning:
      "How the agent's files reach the container. Default, and `auto`: the first delivery of the profile that fits the cluster, the pod and the " +
      "namespace's Pod Security level.",
  },
  {
    name: 'init-position',
    as: 'annotation',
    on: ['namespace', 'pod'],
    values: '`first`, `last` or `before NAME`',
    meaning:
      'Position of the init container that copies the agent, among the init containers. Default: set by the profile.',
  },
  {
    name: 'libc',
    as: 'annotation',
    on: ['namespace', 'pod', 'container'],
    values: '`glibc` or `musl`',
    meaning:
      "The C library of the app's image. Default: `musl` if the image's name or tag contains the word `alpine` or `musl`, otherwise unknown.",
  },
  {
    name: 'env-from-keys',
    as: 'annotation',
    on: ['namespace', 'pod', 'container'],
    values: 'names of variables, comma-separated, or `none`',
    meaning:
      'The variables that the container gets from `envFrom`, if agent-injector cannot read the ConfigMap or the Secret. A value is added ' +
      'to such a variable only if the variable is known to exist.',
  },
  {
    name: 'exclude-owners',
    as: 'annotation',
    on: ['namespace'],
    values: 'kinds, comma-separated, such as `Job`',
    meaning:
      'Pods that an object of one of these kinds controls are not injected. It has no effect where an agent is required.',
  },
  {
    name: 'exclude-deliveries',
    as: 'annotation',
    on: ['namespace'],
    values: 'types of deliveries, comma-separated, such as `image`, or `none`',
    meaning:
      'Deliveries of these types are never used: the next one of the profile is. For example, most image policies do not check image volumes ' +
      '(`image`).',
  },
  {
    name: 'image-volumes',
    as: 'annotation',
    on: ['namespace'],
    values: '`auto`, `on` or `off`',
    meaning:
      'With `auto`, the default, an image volume is used where the profile prefers it and every Linux node can mount it (kubelet 1.35, and containerd 2.2 ' +
      'or CRI-O 1.33). `on`: you say that every node can. `off`: only if `delivery` names it or the profile has no other delivery; so, too, if ' +
      'the nodes are not known.',
  },
  {
    name: SUSPENDED,
    as: 'annotation',
    on: ['namespace'],
    values: 'the reason in words, `"true"`, or `"false"`',
    meaning:
      'Stops injection in the namespace for as long as it is set (`agent-injector stop -n NAMESPACE` sets it): new pods start without the agent, with ' +
      'a record and a warning. Running pods keep their agent. `suspended.PROFILE` stops one profile. Where an agent is required and `strictRequired` ' +
      'is on, pods are refused.',
  },
  {
    name: CANARY,
    as: 'annotation',
    on: ['namespace'],
    values: 'a percentage, from `0` to `100`',
    meaning:
      'The share of the workloads that get the agent; the others start without it (`outside-canary`). It is chosen by the name of the workload: always ' +
      'the same ones, and a higher percentage only adds some. `canary.PROFILE` applies to one profile. Default: `canary.percent` of the profile, or all.',
  },
  {
    name: CANARY_VERSION,
    as: 'annotation',
    on: ['namespace'],
    values: 'a percentage, from `0` to `100`',
    meaning:
      'The share of the workloads that get the canary version of an agent (`canary.version` of the profile), chosen likewise. ' +
      '`canary-version.PROFILE` applies to one profile.',
  },
  {
    name: INJECTED,
    as: 'label',
    on: ['pod'],
    values: 'the name of a profile, or `multiple`; written by agent-injector',
    meaning:
      'The agent that was injected, for `kubectl get pods -L agent-injector.io/injected` and selectors. `podLabel: false` leaves it out. Anyone can ' +
      'write it: `audit` relies on the status.',
  },
  {
    name: STATUS,
    as: 'annotation',
    on: ['pod'],
    values: 'JSON, written by agent-injector',
    meaning: 'The decision for this pod, with its reason.',
  },
];

/** The settings that can also be set for one profile, as `containers.PROFILE`. */
export const SETTINGS_OF_PROFILES: readonly string[] = ['containers', SUSPENDED, CANARY, CANARY_VERSION];

export const settingNames: readonly string[] = keyTable.filter((row) => row.as === 'annotation').map((row) => row.name);

/** The settings that are not read from pods. */
export const namespaceSettingNames: readonly string[] = keyTable
  .filter((row) => row.as === 'annotation' && row.on.every((place) => place === 'namespace'))
  .map((row) => row.name);

/** The settings that users write: all except the status, which agent-injector writes. */
export const userSettingNames: readonly string[] = settingNames.filter((name) => name !== STATUS);
