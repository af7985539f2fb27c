import type { EnvVar, VolumeMount } from '../kubernetes/pod.ts';
import type { Change } from '../profiles/environment.ts';
import type { Reason } from '../reasons/reason.ts';
import type { TargetContainer } from './container-selection.ts';
import type { InjectionContext } from './context.ts';
import type { OwnEntry } from './env/entry.ts';
import type { EnvironmentStep } from './env/plan.ts';
import type { InitContainers } from './files/init-container.ts';
import type { Volumes } from './files/volumes.ts';

/** A container with what was planned for it before, so that the next agent sees it. */
export interface ContainerDraft {
  readonly pod: PodDraft;
  readonly target: TargetContainer;
  readonly environment: EnvVar[];
  readonly steps: EnvironmentStep[];
  readonly mounts: VolumeMount[];
  /** What agents that went in before have written. */
  readonly written: OwnEntry[];
  /** The slots that an agent of ours has in this container, now or since before, and whose they are. */
  readonly slots: Map<string, string>;
  /** How an agent of ours changes a variable in this container: by its separator, or by its name where it replaces the value. */
  readonly changed: Map<string, string>;
  readonly notices: Reason[];
}

/** What the plans of the agents have in common while the pod is gone through. */
export interface PodDraft {
  readonly context: InjectionContext;
  readonly volumes: Volumes;
  /** The names of those that the pod came with. */
  readonly volumeNames: ReadonlySet<string>;
  readonly initContainers: InitContainers;
  /** The annotations of the pod as they would be so far. */
  readonly annotations: Map<string, string>;
  /** Those of them that are to be written. */
  readonly added: Map<string, string>;
  readonly evictable: Set<string>;
  readonly pullSecrets: Set<string>;
  readonly changes: Map<string, Change>;
}
