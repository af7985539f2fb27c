import { daysBetween, describeCertificate, expiryOf, lifetimeOf } from '../../certificates/describe.ts';
import { faultMessage } from '../../certificates/faults.ts';
import { certificateBlocks, findFault, isTrusted, parseCertificates } from '../../certificates/server-certificate.ts';
import { formatTable } from '../format.ts';

export interface CertificateFiles {
  readonly from: string;
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

export interface CaBundle {
  readonly entry: string;
  readonly pem: string;
}

/** A certificate of the report: an element of `certificates` in `certs -o json`. */
export interface ReportedCertificate {
  readonly type: 'leaf' | 'CA';
  readonly subject: string;
  readonly issuer: string;
  readonly expires: string;
  readonly daysLeft: number;
  readonly lifetimeDays: number;
  /** Webhook entries; absent if no webhook configuration is known. */
  readonly trustedBy?: readonly string[];
}

export interface CertificateReport {
  readonly from: string;
  /** DNS names and addresses of the serving certificate. */
  readonly names: readonly string[];
  readonly certificates: readonly ReportedCertificate[];
  readonly problems: readonly string[];
}

/** Reports a serving certificate and its authorities. `bundles` is undefined if no webhook configuration is given. */
export function certificateReport(
  { from, cert, key, ca }: CertificateFiles,
  bundles: readonly CaBundle[] | undefined,
  at: Date,
): CertificateReport {
  if (`${cert}${key}${ca}`.trim() === '')
    return { from, names: [], certificates: [], problems: [`${from} is empty: no replica has started yet`] };
  const leaf = parseCertificates(cert) && certificateBlocks(cert)[0];
  const authorities = parseCertificates(ca) ? certificateBlocks(ca) : [];
  const described = (type: ReportedCertificate['type'], pem: string, whole = pem): ReportedCertificate => ({
    ...describe(type, pem, at),
    ...(bundles && { trustedBy: trusting(whole, bundles, at) }),
  });
  return {
    from,
    names: leaf === undefined ? [] : describeCertificate(leaf).names,
    certificates: [
      ...(leaf === undefined ? [] : [described('leaf', leaf, cert)]),
      ...authorities.map((one) => described('CA', one)),
    ],
    problems: problemsOf({ from, cert, key, ca }, bundles ?? [], at),
  };
}

function problemsOf(
  { from, cert, key, ca }: CertificateFiles,
  bundles: readonly CaBundle[],
  at: Date,
): readonly string[] {
  const fault = findFault({ cert, key, ...(ca.trim() === '' ? {} : { ca }) }, at);
  const distrusting = bundles.filter(({ pem }) => !isTrusted(cert, pem, at));
  return [
    ...(fault ? [`${from}: ${faultMessage(fault)}`] : []),
    ...distrusting.map(({ entry }) => `${entry}: its caBundle does not trust the certificate`),
  ];
}

function describe(type: ReportedCertificate['type'], pem: string, at: Date): ReportedCertificate {
  const { subject, issuer, expires } = describeCertificate(pem);
  return {
    type,
    subject,
    issuer,
    expires,
    daysLeft: daysBetween(at, expiryOf(pem) ?? at),
    lifetimeDays: lifetimeOf(pem),
  };
}

function trusting(pem: string, bundles: readonly CaBundle[], at: Date): readonly string[] {
  return bundles.filter((bundle) => isTrusted(pem, bundle.pem, at)).map(({ entry }) => entry);
}

export function reportLines({ from, names, certificates }: CertificateReport): readonly string[] {
  const isKnown = certificates.some(({ trustedBy }) => trustedBy);
  const rows = [
    ['TYPE', 'SUBJECT', 'ISSUER', 'EXPIRES', 'DAYS LEFT', ...(isKnown ? ['TRUSTED BY'] : [])],
    ...certificates.map((one) => [
      one.type,
      one.subject,
      one.issuer === one.subject ? 'self-signed' : one.issuer,
      one.expires.replace(/\.\d+Z$/, 'Z'),
      String(one.daysLeft),
      ...(one.trustedBy ? [listed(one.trustedBy)] : []),
    ]),
  ];
  if (certificates.length === 0) return [`${from}: no certificate`];
  return [`${from}: certificate for ${listed(names)}`, '', ...formatTable(rows)];
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}
