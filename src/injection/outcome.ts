import type { SkippedDelivery, Reason } from '../reasons/reason.ts';
import type { Parameters } from '../settings/parameters.ts';

export interface Additions {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  /** Those of `added` that have the value of the image in them. Absent where there is none. */
  readonly kept?: readonly string[];
  /** Absent if the image is known, if nothing depends on it, or if no facts about images are given at all. */
  readonly image?: 'unknown' | 'outdated';
  /** New mounts, from the path in the container to the volume. */
  readonly mounts: ReadonlyMap<string, string>;
  readonly initContainer: string | undefined;
  readonly annotations: readonly string[];
}

export type ContainerOutcome =
  | {
      readonly outcome: 'injected';
      readonly container: string;
      readonly profile: string;
      /** Hash of the profile's content: identifies the version that was injected. */
      readonly hash: string;
      /** The target that has chosen it: `AgentTarget shop/java`. */
      readonly target?: string;
      readonly delivery: string;
      /** Deliveries that the profile prefers and that were not possible. */
      readonly skippedDeliveries: readonly SkippedDelivery[];
      readonly parameters: Parameters;
      readonly additions: Additions;
    }
  | {
      readonly outcome: 'skipped';
      readonly container: string;
      readonly profile: string | undefined;
      readonly reason: Reason;
    };

export type ContainerResult =
  | Omit<
      Extract<ContainerOutcome, { outcome: 'injected' }>,
      'parameters' | 'additions' | 'skippedDeliveries' | 'target'
    >
  | Extract<ContainerOutcome, { outcome: 'skipped' }>;
