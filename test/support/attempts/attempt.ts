import type { ReasonCode } from '../../../src/reasons/reason.ts';

// What two users of a cluster try, and how it ends. docs/security.md prints the rows, and test/e2e/identities.test.ts tries each of them.

/**
 * Namespaces labeled `enabled` or `required` with the defaults of the chart; `required` with `required.strict`; `required` with the values for hostile
 * tenants in docs/operations.md; `enabled` with `tenancy: open`.
 */
export const modes = ['enabled', 'required', 'required.strict', 'hostile', 'open'] as const;

export type Mode = (typeof modes)[number];

export type Ending =
  /** The pod has its agent, as the administrator chose it. `ignored`: the reason in the warning, in the log and in the audit log. */
  | { readonly kind: 'agent'; readonly ignored?: ReasonCode; readonly unrecorded?: true }
  /** The pod has its agent, with what the user has set. */
  | { readonly kind: 'chosen' }
  /** The pod starts without an agent, a warning or a record. */
  | { readonly kind: 'silent' }
  /** The pod starts without an agent. `code`: the reason in the audit log; `record`: the one in the record on the pod. */
  | { readonly kind: 'none'; readonly code: ReasonCode; readonly record: ReasonCode; readonly warned: boolean }
  | { readonly kind: 'refused'; readonly code: ReasonCode };

type Settings = Readonly<Record<string, string>>;

export interface Attempt {
  /** Unique, and valid in the name of a namespace. */
  readonly id: string;
  /** `pods`: may create, get, list and delete pods. `namespace`: may also patch the Namespace object. */
  readonly who: 'pods' | 'namespace';
  /** Completes "tries to". Markdown. */
  readonly what: string;
  /** Annotations on the pod or the Namespace: ours without their prefix, others as they are. */
  readonly sets?: Settings;
  /** Labels on the pod or the Namespace. Null removes one. */
  readonly labels?: Readonly<Record<string, string | null>>;
  /** Annotations of the Namespace, without their prefix, that the administrator has set; null for one that is usually there and is not here. */
  readonly given?: Readonly<Record<string, string | null>>;
  /** What else is in the pod. */
  readonly pod?: PodShape;
  /** The user's text; what the user sets arrives in the pod if it is there. */
  readonly text?: string;
  readonly ends: { readonly [mode in Mode]: Ending };
}

export interface PodShape {
  /** Kind of a controller that does not exist. */
  readonly owner?: string;
  readonly annotations?: Settings;
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  /** Names; `app` by default. */
  readonly containers?: readonly string[];
  readonly nodeName?: string;
  readonly nodeSelector?: Settings;
}

export const agent: Ending = { kind: 'agent' };
export const unrecorded: Ending = { kind: 'agent', unrecorded: true };
export const chosen: Ending = { kind: 'chosen' };
export const silent: Ending = { kind: 'silent' };
export const ignored = (reason: ReasonCode): Ending => ({ kind: 'agent', ignored: reason });
export const none = (code: ReasonCode, { record = code, warned = true } = {}): Ending => ({
  kind: 'none',
  code,
  record,
  warned,
});
export const refused = (code: ReasonCode): Ending => ({ kind: 'refused', code });

export const everywhere = (end: Ending): Attempt['ends'] => byLabel(end, end);

/** By the label of the namespace, whatever the tenancy. */
export const byLabel = (enabled: Ending, required: Ending, strict = required): Attempt['ends'] => ({
  enabled,
  required,
  'required.strict': strict,
  hostile: strict,
  open: enabled,
});

export const unlessOpen = (end: Ending, open: Ending): Attempt['ends'] => ({ ...everywhere(end), open });

export const unlessHostile = (ends: Attempt['ends'], hostile: Ending): Attempt['ends'] => ({ ...ends, hostile });

export const locked = ignored('parameter-locked');
export const settingLocked = ignored('setting-locked');
export const newrelic = { profile: 'newrelic-java' };
export const optOut = byLabel(silent, none('required-opt-out', { record: 'opted-out' }), settingLocked);
