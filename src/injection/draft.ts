import type { EnvVar, VolumeMount } from '../kubernetes/pod.ts';
import type { Change } from '../profiles/environment.ts';
import type { Reason } from '../reasons/reason.ts';
import type { TargetContainer } from './container-selection.ts';
import type { ContainerImage } from './image/container-image.ts';
import type { ResolvedEntry } from './env/entry.ts';
import type { EnvironmentStep } from './env/plan.ts';
import type { InitContainers } from './files/init-container.ts';
import type { Volumes } from './files/volumes.ts';
import type { InjectionContext } from './context.ts';

/** A container with the changes of the agents planned so far, which the next agent takes into account. */
export interface ContainerDraft {
  readonly podDraft: PodDraft;
  readonly target: TargetContainer;
  readonly environment: EnvVar[];
  readonly steps: EnvironmentStep[];
  readonly mounts: VolumeMount[];
  readonly entries: ResolvedEntry[];
  /** Slots that our agents occupy, planned now or injected earlier, each with its profile. */
  readonly slots: Map<string, string>;
  /** The change of each variable by our agents: the separator, or a marker of the profile that replaces the value. */
  readonly changes: Map<string, string>;
  readonly notices: Reason[];
  /** Undefined where no facts about images are given at all. */
  readonly image: ContainerImage | undefined;
}

export interface PodDraft {
  readonly context: InjectionContext;
  readonly volumes: Volumes;
  readonly originalVolumeNames: ReadonlySet<string>;
  readonly initContainers: InitContainers;
  /** Annotations of the pod, including the new ones. */
  readonly annotations: Map<string, string>;
  readonly newAnnotations: Map<string, string>;
  readonly evictable: Set<string>;
  readonly pullSecrets: Set<string>;
  readonly changes: Map<string, Change>;
}
