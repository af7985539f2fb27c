import type { DecisionSummary } from '../admission/decision.ts';
import type { AuditGauges } from './audits.ts';
import type { CacheGauges } from './caches.ts';

export interface Gauges {
  readonly namespaces: () => {
    readonly size: number;
    readonly synced: boolean;
    readonly ageMs: number | undefined;
    readonly restarts: number;
    readonly mislabelled?: number;
  };
  readonly certificates: () => CertificateGauges;
  readonly profiles?: () => ProfileGauges;
  readonly injection?: () => { readonly mode: string; readonly suspendedProfiles: number };
  /** Undefined if the keys of ConfigMaps are not read. */
  readonly configMaps?: () => number | undefined;
  /** Watched resources other than namespaces, by plural name. */
  readonly caches?: () => Readonly<Record<string, CacheGauges>>;
  /** Undefined before the first complete audit. */
  readonly audit?: () => AuditGauges | undefined;
  readonly events?: () => Readonly<Record<string, number>>;
  readonly logLinesDropped?: () => number;
}

export interface ProfileGauges {
  readonly profiles: Readonly<Record<string, number>>;
  readonly problems: number;
  readonly reloads: Readonly<Record<string, number>>;
}

export interface CertificateGauges {
  readonly expiry: { readonly leaf: Date | undefined; readonly ca: Date | undefined };
  readonly renewals: { readonly leaf: number; readonly ca: number };
  readonly hasProblem: boolean;
  /** Trusted CA certificates that no replica made. */
  readonly foreign: number;
  readonly repairs: number;
  /** Webhook entries by the field that differs from what the server needs. */
  readonly drift: Readonly<Record<string, number>>;
}

export interface Metrics {
  /** Counts an answered review. `namespace` is undefined unless the namespace is known to exist, since a caller can send any name. */
  readonly recordReview: (decision: DecisionSummary, namespace: string | undefined, seconds: number) => void;
  readonly recordCachedAnswer: () => void;
  /** Counts a notice that arose after the answer was sent. */
  readonly recordNotice: (code: string) => void;
  readonly recordBadRequest: (status: number) => void;
  /** Renders the Prometheus exposition format, of type `contentType`. */
  readonly render: () => Promise<string>;
  readonly contentType: string;
}
