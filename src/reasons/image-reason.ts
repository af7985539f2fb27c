/** Something in a container is in the way of an agent: another one, or a variable. */
export type ConflictReason =
  | { readonly code: 'foreign-agent'; readonly vendor: string; readonly at: string; readonly slot: string }
  | {
      readonly code: 'foreign-profiler';
      readonly slot: string;
      readonly variable: string;
      readonly vendor: string | undefined;
    }
  | { readonly code: 'profiling-disabled'; readonly variable: string; readonly value: string }
  | { readonly code: 'conflicting-variable'; readonly variable: string; readonly profile: string };

/** The reasons that facts about images give: `agent-injector image` makes them, and `imageFacts` names where they are. */
export type ImageReason =
  | {
      readonly code: 'image-conflict';
      readonly profile: string;
      /** What would be the reason if the pod had what the image has. */
      readonly conflict: ConflictReason;
    }
  /** `variable`: the profile adds to it, and the image sets it. */
  | {
      readonly code: 'image-variable-kept';
      readonly variable: string;
      readonly profile: string;
      readonly container: string;
    }
  | {
      readonly code: 'image-unknown';
      readonly why: 'unknown' | 'outdated' | 'unreadable';
      readonly profile: string;
      readonly container: string;
      /** Added by the profile. If the image sets one of them, its value is lost. */
      readonly variables: readonly string[];
    };
