import type { DecisionSummary } from '../admission/decision.ts';
import type { AuditGauges } from './audits.ts';
import type { CacheGauges } from './caches.ts';

/** The cluster's state as far as it is measured, read when Prometheus asks. */
export interface Gauges {
  readonly namespaces: () => {
    readonly size: number;
    readonly synced: boolean;
    readonly ageMs: number | undefined;
    readonly restarts: number;
    /** How many were probably meant to be injected. */
    readonly mislabelled?: number;
  };
  readonly certificates: () => CertificateGauges;
  readonly profiles?: () => ProfileGauges;
  /** Undefined: nobody asks. */
  readonly configMaps?: () => number | undefined;
  /** What is watched besides namespaces, by the name of the resource. */
  readonly caches?: () => Readonly<Record<string, CacheGauges>>;
  /** Undefined until the pods of the cluster were gone through once. */
  readonly audit?: () => AuditGauges | undefined;
  /** From a result to the number of Events. */
  readonly events?: () => Readonly<Record<string, number>>;
  readonly logLinesDropped?: () => number;
}

export interface ProfileGauges {
  /** From a state to the number of profiles. */
  readonly profiles: Readonly<Record<string, number>>;
  readonly problems: number;
  /** From a result to the number of times. */
  readonly reloads: Readonly<Record<string, number>>;
}

export interface CertificateGauges {
  readonly expiry: { readonly leaf: Date | undefined; readonly ca: Date | undefined };
  readonly renewals: { readonly leaf: number; readonly ca: number };
  readonly hasProblem: boolean;
  readonly repairs: number;
  /** From the name of a field to the number of entries. */
  readonly drift: Readonly<Record<string, number>>;
}

export interface Metrics {
  /** Counts a review that was answered. The namespace is undefined unless it is known to exist: anybody can make up a name. */
  readonly reviewed: (decision: DecisionSummary, namespace: string | undefined, seconds: number) => void;
  /** Counts a review that was answered as one of its template before. */
  readonly recalled: () => void;
  /** Counts a notice that came after the answer. */
  readonly noticed: (code: string) => void;
  readonly badRequest: (status: number) => void;
  /** The exposition format of Prometheus, and its content type. */
  readonly render: () => Promise<string>;
  readonly contentType: string;
}
