import type { Reason } from './reason.ts';

/** The reasons that facts about images give: `agent-injector image` makes them, and `imageFacts` names where they are. */
export type ImageReason =
  | { readonly code: 'image-conflict'; readonly profile: string; readonly conflict: ImageConflict }
  /** `variable`: the profile adds to it, and the image sets it. */
  | {
      readonly code: 'image-variable-kept';
      readonly variable: string;
      readonly profile: string;
      readonly container: string;
    }
  | {
      readonly code: 'image-unknown';
      readonly why: 'unknown' | 'outdated';
      readonly profile: string;
      readonly container: string;
      /** Added by the profile. If the image sets one of them, its value is lost. */
      readonly variables: readonly string[];
    };

/** What would be the reason if the pod had what the image has. */
export type ImageConflict = Extract<
  Reason,
  { readonly code: 'foreign-agent' | 'foreign-profiler' | 'profiling-disabled' | 'conflicting-variable' }
>;
