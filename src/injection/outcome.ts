import type { SkippedDelivery, Reason } from '../reasons/reason.ts';
import type { Parameters } from '../settings/parameters.ts';

/** What one agent adds to its container and to the pod, by name. */
export interface Additions {
  /** Variables that are new, and those in whose place another value stands. */
  readonly added: readonly string[];
  readonly changed: readonly string[];
  /** From a path in the container to the volume that is there now. */
  readonly mounts: ReadonlyMap<string, string>;
  /** The init container and the annotations that the pod did not have. */
  readonly initContainer: string | undefined;
  readonly annotations: readonly string[];
}

/** What became of one profile in one container. */
export type ContainerOutcome =
  | {
      readonly outcome: 'injected';
      readonly container: string;
      readonly profile: string;
      /** Of the profile's content: which version of it went in. */
      readonly hash: string;
      readonly delivery: string;
      /** Deliveries that the profile prefers and that did not fit. */
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

/** What became of one agent in one container, without how it came about. */
export type ContainerResult =
  | Omit<Extract<ContainerOutcome, { outcome: 'injected' }>, 'parameters' | 'additions' | 'skippedDeliveries'>
  | Extract<ContainerOutcome, { outcome: 'skipped' }>;
