import type { OfflineOptions } from '../../config/catalogue.ts';
import type { ClusterOptions } from '../../server/cluster.ts';
import type { NamespaceScope } from '../cluster/reader.ts';
import type { ImageFlags } from '../image/for-manifests.ts';
import type { NamespaceOptions } from '../namespaces-from-files.ts';

/** Flags of `explain`. Exactly one of targets (or a selector), files and a review is given. */
export interface ExplainOptions extends NamespaceOptions, OfflineOptions, NamespaceScope, ClusterOptions, ImageFlags {
  /** `deploy/web`, `deploy web`, `web` or `deploy`. */
  readonly targets?: readonly string[] | undefined;
  /** Paths, directories, https addresses, or `-` for standard input. */
  readonly file?: readonly string[] | undefined;
  readonly recursive?: boolean | undefined;
  readonly review?: string | undefined;
  /** Also create the pod as a dry run; only with targets. */
  readonly serverDryRun?: boolean | undefined;
  /** Show every check and setting, not only what matters. */
  readonly all?: boolean | undefined;
  readonly output: 'text' | 'json' | 'yaml';
}
