import type { OfflineOptions } from '../../config/catalogue.ts';
import type { NamespaceOptions } from '../namespaces-from-files.ts';

export interface ExplainOptions extends NamespaceOptions, OfflineOptions {
  /** `pod/x`, `deploy/x`: on a cluster. */
  readonly target: string | undefined;
  readonly file: string | undefined;
  /** Path of a recorded AdmissionReview. */
  readonly review: string | undefined;
  readonly namespace: string;
  readonly kubeconfig: string | undefined;
  readonly output: 'text' | 'json';
}
