import { key, SUSPENDED } from './keys.ts';

/** From the least to the most restrictive. `dry-run` decides and reports, but changes no pod. */
export const INJECTION_MODES = ['on', 'dry-run', 'off'] as const;

export type InjectionMode = (typeof INJECTION_MODES)[number];

/** Whether the cluster injects at all, and which profiles it does not. */
export interface InjectionSwitch {
  readonly mode: InjectionMode;
  /** What set the mode, and why, as sentence fragments; `why` is empty if no reason was given. */
  readonly by: string;
  readonly why: string;
  /** The suspended profiles, by name. */
  readonly profiles: ReadonlyMap<string, ProfileSuspension>;
}

/** What suspended a profile, and why: `why` is empty if no reason was given. */
export interface ProfileSuspension {
  readonly by: string;
  readonly why: string;
}

/** A ConfigMap that holds the switch. `agent-injector stop` and `start` write it, and the server watches it. */
export interface SwitchState extends InjectionSwitch {
  /** Values that mean nothing, as sentence fragments. */
  readonly problems: readonly string[];
}

/** The ConfigMap that the chart makes the servers of a Service watch. */
export function switchOf<Name extends { readonly name: string }>(service: Name): Name {
  return { ...service, name: `${service.name}-switch` };
}

/** The key of a ConfigMap with the mode, the one with its reason, and the prefix of those with suspended profiles and the reason for each. */
export const MODE_KEY = 'injection';

export const REASON_KEY = 'reason';

export const PROFILE_KEY_PREFIX = 'profile.';

/** In characters. The reason is part of messages, records and Events. */
export const MAX_REASON_LENGTH = 160;

/** Profiles that are read of one ConfigMap. */
const MAX_PROFILES = 1000;

/** Reads the ConfigMap of the switch. What is not valid is reported and counts as not set. */
export function readSwitch(data: Readonly<Record<string, unknown>>, by: string): SwitchState {
  const given = data[MODE_KEY];
  const mode = INJECTION_MODES.find((one) => one === given);
  const isValid = given === undefined || mode !== undefined;
  const profiles = Object.entries(data)
    .filter(([name]) => name.startsWith(PROFILE_KEY_PREFIX))
    .slice(0, MAX_PROFILES)
    .map(([name, why]) => [name.slice(PROFILE_KEY_PREFIX.length), { by, why: textOf(why) }] as const);
  return {
    mode: mode ?? 'on',
    by,
    why: textOf(data[REASON_KEY]),
    profiles: new Map(profiles),
    problems: isValid ? [] : [`${by}: ${MODE_KEY} must be one of ${INJECTION_MODES.join(', ')}`],
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim().slice(0, MAX_REASON_LENGTH) : '';
}

/** The more restrictive of two; with equal modes, the first. A profile is suspended if either says so. */
export function stricterSwitch(one: InjectionSwitch, other: InjectionSwitch): InjectionSwitch {
  const isOther = INJECTION_MODES.indexOf(other.mode) > INJECTION_MODES.indexOf(one.mode);
  const { mode, by, why } = isOther ? other : one;
  return { mode, by, why, profiles: new Map([...other.profiles, ...one.profiles]) };
}

/** The annotation that suspends a namespace, or one profile in it. */
export function suspendedKey(profile?: string): string {
  return profile === undefined ? key(SUSPENDED) : key(`${SUSPENDED}.${profile}`);
}

/** The reason in the value of such an annotation; undefined if it suspends nothing. */
export function suspensionIn(text: string): string | undefined {
  const value = text.trim();
  if (value === 'false') return undefined;
  return value === 'true' ? '' : value.slice(0, MAX_REASON_LENGTH);
}
