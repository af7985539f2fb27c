import type { Condition } from '../api/profile/condition.ts';
import type { Matcher } from '../api/profile/matcher.ts';
import type { Parameter } from '../api/profile/parameter.ts';
import type { ProfileTest } from '../api/profile/profile.ts';
import type { SignsOfLife } from '../api/profile/signs-of-life.ts';
import type { KubernetesVersion } from '../kubernetes/version.ts';
import type { Delivery } from './delivery.ts';
import type { Change, EnvironmentEntry } from './environment.ts';
import type { LanguageProof } from './automatic/languages.ts';
import type { Template } from './template.ts';

export interface Mount {
  readonly path: string;
  readonly subPath: Template | undefined;
  readonly readOnly: boolean;
}

export interface WritableDirectory {
  readonly path: string;
  /** The preferred name of its volume; another one is used if the pod has a volume of this name. */
  readonly volume: string;
  readonly sizeLimit: string;
  readonly when: Condition | undefined;
}

/** A Secret, a ConfigMap or a directory of the node that is mounted as a directory. */
export interface MountedObject {
  readonly path: string;
  /** The preferred name of its volume. */
  readonly volume: string;
  readonly kind: 'secret' | 'configMap' | 'hostPath';
  /** The name of the object, or the path on the node. */
  readonly name: Template;
  readonly when: Condition | undefined;
}

export interface FileTemplate {
  readonly path: string;
  readonly content: Template;
  readonly when: Condition | undefined;
}

/** A message for containers that match all matchers. */
export interface ContainerNote {
  readonly code: string;
  readonly match: readonly Matcher[];
  readonly message: string;
}

export interface Variant {
  readonly name: string;
  readonly from: string;
  readonly values: ReadonlyMap<string, string>;
}

export interface Constraints {
  readonly os: readonly string[];
  readonly arch: readonly string[] | undefined;
  readonly libc: readonly string[] | undefined;
  readonly kubernetes: KubernetesVersion | undefined;
  readonly excludeOwners: readonly string[];
}

/** Shares of the workloads, in percent. */
export interface Canary {
  /** Of those that get the agent; undefined: all do. */
  readonly percent: number | undefined;
  readonly version: CanaryVersion | undefined;
}

export interface CanaryVersion {
  readonly percent: number;
  /** By the names of parameters. */
  readonly values: ReadonlyMap<string, string | number | boolean>;
}

/** A valid profile: templates are parsed, defaults filled in, and all references resolve. */
export interface Profile {
  readonly name: string;
  readonly vendor: string;
  readonly description: string;
  readonly language: string | undefined;
  /** What proves the language, in addition to what is built in (automatic/languages.ts). */
  readonly detect: Omit<LanguageProof, 'language'> | undefined;
  readonly documentation: string | undefined;
  readonly sources: readonly string[];
  /** Names or globs of the namespaces that may use the profile; undefined: all. */
  readonly namespaces: readonly string[] | undefined;
  /** True if it is not injected for now. */
  readonly suspended: boolean;
  readonly canary: Canary | undefined;
  /** `canary`: the defaults of some parameters are those of the version canary (settings/canary.ts). */
  readonly version?: 'canary';
  readonly constraints: Constraints;
  readonly include: readonly Matcher[] | undefined;
  readonly exclude: readonly Matcher[];
  readonly slots: readonly string[];
  readonly conflicts: readonly ContainerNote[];
  readonly advisories: readonly ContainerNote[];
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly variants: readonly Variant[];
  readonly deliveries: readonly [Delivery, ...Delivery[]];
  readonly mounts: readonly Mount[];
  readonly writablePaths: readonly WritableDirectory[];
  readonly files: readonly FileTemplate[];
  readonly objects: readonly MountedObject[];
  /** Each entry follows those that it refers to. */
  readonly environment: readonly EnvironmentEntry[];
  /** Variables of the pod's author that the profile may change. */
  readonly changes: ReadonlyMap<string, Change>;
  /** Undefined if the profile says nothing about it. */
  readonly signsOfLife: SignsOfLife | undefined;
  readonly tests: readonly ProfileTest[];
}
