import type { OfflineOptions } from '../../config/catalogue.ts';
import type { NamespaceOptions } from '../namespaces-from-files.ts';

/** Flags of `explain`. Exactly one of target, file and review is given. */
export interface ExplainOptions extends NamespaceOptions, OfflineOptions {
  readonly target?: string | undefined;
  readonly file?: string | undefined;
  readonly review?: string | undefined;
  readonly namespace: string;
  readonly kubeconfig?: string | undefined;
  /** Also create the pod as a dry run; only with target. */
  readonly serverDryRun?: boolean | undefined;
  readonly output: 'text' | 'json';
}
