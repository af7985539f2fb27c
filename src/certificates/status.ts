import type { CaBundleStatus } from '../cluster/webhook-configuration/ca-bundle.ts';
import { driftFields } from '../cluster/webhook-configuration/drift.ts';
import type { CertificateGauges } from '../metrics/types.ts';
import { expiryOf } from './describe.ts';
import type { SelfCheck } from './self-check.ts';
import { certificateBlocks, isTrusted, type ServerCertificate } from './server-certificate.ts';

export interface CertificateStatus {
  readonly at: Date;
  readonly served: ServerCertificate | undefined;
  readonly authorities: string;
  readonly problem: string | undefined;
  /** Undefined if no webhook configuration is maintained. */
  readonly caBundle: CaBundleStatus | undefined;
  readonly selfCheck: SelfCheck['result'] | 'not listening';
  readonly renewals: CertificateGauges['renewals'];
  /** Trusted authorities that no replica made. */
  readonly foreign: number;
}

/** Reasons why a caller could not connect or would not trust the certificate, one sentence each. */
export function notReadyReasons(status: CertificateStatus): readonly string[] {
  const { at, served, problem, caBundle, selfCheck } = status;
  const reasons = caBundle ? trustReasons(caBundle, selfCheck) : [];
  if (!served) return [`there is no certificate yet${problem === undefined ? '' : `: ${problem}`}`, ...reasons];
  const expiry = expiryOf(served.cert);
  if (expiry && expiry > at) return reasons;
  return [`the certificate expired at ${expiry?.toISOString() ?? '?'}`, ...reasons];
}

function trustReasons(
  { state, problem }: CaBundleStatus,
  selfCheck: CertificateStatus['selfCheck'],
): readonly string[] {
  const cause = problem === undefined ? '' : ` (${problem})`;
  if (state === 'unknown') return [`the webhook configuration has not been read yet${cause}`];
  if (state === 'absent') return ['the webhook configuration does not exist yet'];
  if (selfCheck === 'not listening') return [];
  if (!selfCheck) return ['the certificate has not been checked against the published caBundle yet'];
  if (selfCheck.problem === undefined) return [];
  return [`callers that use the published caBundle cannot connect: ${selfCheck.problem}${cause}`];
}

/** Metrics of the certificate. The expiry of the CA is the latest one of the authorities that verify the certificate. */
export function certificateGauges(status: CertificateStatus): CertificateGauges {
  const { at, served, authorities, problem, caBundle, renewals, foreign } = status;
  const expiries = certificateBlocks(authorities)
    .filter((authority) => served && isTrusted(served.cert, authority, at))
    .map(expiryOf);
  const drift = caBundle?.drift ?? [];
  return {
    expiry: {
      leaf: served && expiryOf(served.cert),
      ca: expiries.reduce((last, one) => (last && one && last > one ? last : one), undefined),
    },
    renewals,
    hasProblem: problem !== undefined || caBundle?.problem !== undefined,
    foreign,
    repairs: caBundle?.repairs ?? 0,
    drift: Object.fromEntries(driftFields.map((name) => [name, drift.filter(({ field }) => field === name).length])),
  };
}
