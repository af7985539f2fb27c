/** Value of the `delivery` setting for the first delivery that fits; the default. */
export const AUTO = 'auto';

/** Values of the `libc` setting and of the constraint of that name. */
export const LIBCS = ['glibc', 'musl'] as const;

/** The levels at which a value can be set, lowest precedence first. */
export const LEVELS = ['cluster', 'namespace', 'pod', 'container'] as const;

export type Level = (typeof LEVELS)[number];

export function isLevel(text: string): text is Level {
  return LEVELS.some((level) => level === text);
}

export const PRODUCT = 'agent-injector';

export const PREFIX = `${PRODUCT}.io` as const;

export const PROFILE_API_VERSION = `${PREFIX}/v1alpha1` as const;

export const PROFILE_KIND = 'AgentProfile';

export function key(name: string): string {
  return `${PREFIX}/${name}`;
}

export function containerKey(setting: string, container: string): string {
  return `${setting}.${PREFIX}/${container}`;
}

/** Parses a key that users write; undefined for keys with another prefix and for the annotations that contain files. */
export function parseKey(
  text: string,
): { readonly setting: string; readonly container: string | undefined } | undefined {
  if (text.startsWith(FILE_ANNOTATION)) return undefined;
  if (text.startsWith(`${PREFIX}/`)) return { setting: text.slice(PREFIX.length + 1), container: undefined };
  const at = text.indexOf(`.${PREFIX}/`);
  return at > 0 ? { setting: text.slice(0, at), container: text.slice(at + PREFIX.length + 2) } : undefined;
}

export const INJECTION_LABEL: string = key('injection');

/** Of several releases in one cluster, each serves the namespaces whose label has its revision; one without a revision, those without the label. */
export const REVISION_LABEL: string = key('revision');

// Values of the injection label.
export const ENABLED = 'enabled';

export const REQUIRED = 'required';

export const DISABLED = 'disabled';

/** The setting that agent-injector writes itself. */
export const STATUS = 'status';

export const SUSPENDED = 'suspended';

/** The share of the workloads, in percent, that get an agent, and the share that get its canary version. */
export const CANARY = 'canary';

export const CANARY_VERSION = 'canary-version';

export const INJECTED = 'injected';

/** Label of injected pods: the name of the profile, or `multiple`. Anyone can write it, so it is for selecting; the status is verified. */
export const INJECTED_LABEL: string = key(INJECTED);

/** Value of the label for a pod with several profiles. */
export const MULTIPLE = 'multiple';

export const STATUS_ANNOTATION: string = key(STATUS);

/** Annotation of a workload: the time of the last restart by `agent-injector rollout run`, which knows its own restarts by it. */
export const RESTARTED_AT_ANNOTATION: string = key('restarted-at');

/** Key prefix of annotations that contain a file of an agent, which is mounted into the container. */
export const FILE_ANNOTATION: string = key('file.');

/** Annotation of the webhook configuration: `secret` lets the server put a secret into the paths of its entries. */
export const WEBHOOK_PATH_ANNOTATION: string = key('webhook-path');
