import type { ContainerNotice } from './container-notice.ts';
import type { ConflictReason, ImageReason } from './image-reason.ts';
import type { Unmatched } from './unmatched.ts';
import type { ClaimProblem } from './claim-problem.ts';
import type { LanguageReason } from './language-reasons.ts';
import type { Source } from './source.ts';
import type { EnforcedLevel } from '../kubernetes/pod-security.ts';
import type { Level } from '../api/keys.ts';
import type { KubernetesVersion } from '../kubernetes/version.ts';

export type { Setting, Source } from './source.ts';

export interface SkippedDelivery {
  readonly delivery: string;
  readonly requirement: UnmetRequirement;
}

/** The requirement that rules out a delivery: the pod would not start or could not be created. */
export type UnmetRequirement =
  | { readonly why: 'named-only' }
  /** `off`: a setting says so. `unable`: not every node can mount an image. */
  | { readonly why: 'image-volumes'; readonly nodes: 'off' | 'unknown' | 'unable' }
  | { readonly why: 'excluded'; readonly kind: string; readonly by: Source }
  | { readonly why: 'kubernetes'; readonly minimum: KubernetesVersion; readonly actual: KubernetesVersion | undefined }
  /** `directory`: not the delivery itself, but a directory of the node that the profile mounts. */
  | ({ readonly why: 'pod-security'; readonly directory?: string } & EnforcedLevel)
  | { readonly why: 'os'; readonly os: readonly string[] }
  | { readonly why: 'parameter'; readonly parameter: string }
  | { readonly why: 'image'; readonly image: string }
  | { readonly why: 'claim'; readonly claim: string; readonly problem: ClaimProblem }
  | {
      readonly why: 'storage-class';
      readonly storageClass: string | undefined;
      readonly problem: 'no-volume' | 'unreachable';
    }
  | { readonly why: 'quota'; readonly quota: string; readonly resource: string }
  | { readonly why: 'claim-size'; readonly limitRange: string; readonly size: string }
  | { readonly why: 'ephemeral-storage'; readonly limit: string }
  | { readonly why: 'user-namespace' }
  | { readonly why: 'volume-owner' }
  | { readonly why: 'claim-name' }
  | { readonly why: 'host-process' }
  | { readonly why: 'init-limit'; readonly resource: 'cpu' | 'memory'; readonly least: string }
  /** Nothing shows that the image has the agent, and only the pod says so. */
  | { readonly why: 'unverifiable' };

/** The reason for not injecting a pod or a container, or a notice: the facts, which `reasonMessage` turns into text. */
export type Reason =
  | LanguageReason
  | { readonly code: 'not-a-pod'; readonly resource: string }
  | { readonly code: 'not-a-creation'; readonly operation: string }
  | { readonly code: 'mirror-pod' }
  | {
      readonly code: 'namespace-not-enabled';
      readonly namespace: string;
      readonly label: string | undefined;
      readonly suggestion: string | undefined;
    }
  | {
      readonly code: 'other-revision';
      readonly namespace: string;
      /** The value of the namespace's label, and the revision of this release. */
      readonly label: string | undefined;
      readonly revision: string | undefined;
    }
  | { readonly code: 'opted-out'; readonly by: string }
  /** `by`: what suspends injection. `strict`: the pod must be injected or refused (`strictRequired`). */
  | { readonly code: 'suspended'; readonly by: string; readonly why: string; readonly strict: boolean }
  /** `workload`: the one whose breaker is open; empty if it is that of the profile. */
  | {
      readonly code: 'breaker-open';
      readonly profile: string;
      readonly workload: string;
      readonly why: string;
      readonly strict: boolean;
    }
  /** `from`: the percentage from which on the workload gets the profile. */
  | {
      readonly code: 'outside-canary';
      readonly profile: string;
      readonly percent: number;
      readonly from: number;
      readonly source: Source;
    }
  /** What would be injected, in words. */
  | { readonly code: 'dry-run'; readonly injection: string }
  | { readonly code: 'already-instrumented'; readonly profile: string }
  | { readonly code: 'variables-already-set'; readonly profile: string }
  | { readonly code: 'malformed-pod'; readonly path: string; readonly expected: string }
  | { readonly code: 'no-profile' }
  | {
      readonly code: 'unknown-profile';
      readonly name: string;
      readonly source: Source;
      readonly suggestion: string | undefined;
    }
  | {
      readonly code: 'unknown-delivery';
      readonly name: string;
      readonly source: Source;
      readonly known: readonly string[];
    }
  | {
      readonly code: 'invalid-value';
      readonly setting: string;
      readonly value: string;
      readonly source: Source;
      readonly expected: string;
    }
  /** The key of an annotation of the namespace. */
  | { readonly code: 'value-too-long'; readonly key: string }
  | { readonly code: 'missing-parameter'; readonly parameter: string; readonly profile: string }
  | {
      readonly code: 'no-target-container';
      readonly profile: string | undefined;
      readonly unmatched?: Unmatched<Source>;
    }
  | { readonly code: 'owner-excluded'; readonly kind: string; readonly by: string }
  | {
      readonly code: 'profile-not-allowed';
      readonly profile: string;
      readonly namespace: string;
      /** `namespaces`: the profile's own list. The others are options of the cluster. */
      readonly by: 'namespaces' | 'allowedProfiles' | 'builtInProfiles';
    }
  | { readonly code: 'os-unsupported'; readonly os: string; readonly profile: string }
  | { readonly code: 'arch-unsupported'; readonly profile: string; readonly supported: readonly string[] }
  | {
      readonly code: 'libc-unsupported';
      readonly libc: string;
      readonly profile: string;
      /** Undefined if the image shows it, or its name suggests it. */
      readonly source: Source | undefined;
      /** What of the image shows it. */
      readonly shownBy?: string;
    }
  | {
      readonly code: 'kubernetes-unsupported';
      readonly profile: string;
      readonly minimum: KubernetesVersion;
      readonly actual: KubernetesVersion;
    }
  | {
      readonly code: 'delivery-not-possible';
      readonly delivery: string;
      readonly source: Source;
      readonly requirement: UnmetRequirement;
    }
  | { readonly code: 'no-fitting-delivery'; readonly profile: string; readonly skipped: readonly SkippedDelivery[] }
  | { readonly code: 'claim-unusable'; readonly claim: string; readonly problem: ClaimProblem }
  | {
      /** The container has the profile's agent, and another one in the same slot. */
      readonly code: 'slot-shared';
      readonly profile: string;
      readonly vendor: string;
      readonly at: string;
      readonly slot: string;
    }
  | {
      readonly code: 'foreign-agent-requested';
      readonly vendor: string;
      readonly source: Source & { readonly key: string };
      readonly slot: string;
    }
  | { readonly code: 'slot-taken'; readonly slot: string; readonly profile: string; readonly by: string }
  | { readonly code: 'profile-conflict'; readonly profile: string; readonly conflict: string; readonly message: string }
  | {
      readonly code: 'unproven-variable';
      readonly variable: string;
      readonly profile: string;
      /** `unseen`: `envFrom` cannot be read. `optional`: the variable may be left out. `order`: it would have to be moved. */
      readonly why: 'unseen' | 'optional' | 'order';
    }
  | { readonly code: 'mount-path-taken'; readonly path: string; readonly volume: string }
  | { readonly code: 'namespace-unknown'; readonly namespace: string }
  | { readonly code: 'namespace-unavailable'; readonly namespace: string; readonly why: string }
  | { readonly code: 'patch-too-large'; readonly size: number }
  | { readonly code: 'annotations-full' }
  | { readonly code: 'rule-broken'; readonly rule: string }
  | { readonly code: 'internal-error' }
  | { readonly code: 'overloaded' }
  | {
      readonly code: 'unknown-annotation';
      readonly key: string;
      readonly on: 'namespace' | 'pod';
      readonly suggestion: string | undefined;
    }
  | ({ readonly code: 'container-not-found' } & Unmatched<Source>)
  | {
      readonly code: 'parameter-locked';
      readonly parameter: string;
      readonly source: Source;
      readonly settableBy: readonly Level[];
      /** The classes of parameters that the cluster locks; empty: the profile does. */
      readonly narrowedBy: readonly string[];
    }
  | {
      readonly code: 'fact-ignored';
      readonly parameter: string;
      readonly value: string;
      readonly source: Source;
      readonly expected: string;
    }
  | {
      readonly code: 'parameter-unused';
      readonly parameter: string;
      readonly profile: string;
      readonly delivery: string;
      readonly source: Source;
    }
  | {
      readonly code: 'setting-locked';
      readonly setting: string;
      readonly source: Source;
      readonly settableBy: readonly Level[];
    }
  | { readonly code: 'required-opt-out'; readonly by: string }
  | { readonly code: 'owner-not-excluded'; readonly kind: string; readonly by: string }
  | ConflictReason
  | ImageReason
  | ContainerNotice;

export type ReasonCode = Reason['code'];
