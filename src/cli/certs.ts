import { daysBetween, describeCertificate, expiryOf } from '../certificates/describe.ts';
import { readTlsDirectory } from '../certificates/directory.ts';
import { faultMessage } from '../certificates/faults.ts';
import { certificateBlocks, findFault, isTrusted, parseCertificates } from '../certificates/server-certificate.ts';
import type { KubeClient } from '../cluster/client/types.ts';
import { namedSecret } from '../cluster/secret-store.ts';
import { readBundles } from '../cluster/webhook-configuration/entries.ts';
import type { Config } from '../config/config.ts';
import { UsageError } from '../lib/usage-error.ts';
import { openCluster } from '../server/cluster.ts';

/** What is to be printed: the table, then what is wrong, one sentence each. */
export interface CertsResult {
  readonly output: string;
  readonly problems: readonly string[];
}

/** Where certificates come from, and what was found there. */
interface Material {
  readonly from: string;
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** caBundle of a webhook entry. */
export interface Bundle {
  readonly entry: string;
  readonly pem: string;
}

/** `agent-injector certs`: the certificate, the authorities beside it, and which webhook entries would take it. */
export async function certs(
  config: Pick<Config, 'tlsDir' | 'tlsSecret' | 'webhookConfiguration' | 'kubeconfig'>,
  at: Date,
): Promise<CertsResult> {
  const { tlsSecret, webhookConfiguration } = config;
  const needsCluster = tlsSecret !== undefined || webhookConfiguration !== undefined;
  const cluster = needsCluster ? await openCluster(config.kubeconfig) : undefined;
  if (needsCluster && !cluster) throw new UsageError(['no cluster: this is no pod, and no kubeconfig is given']);
  const material =
    cluster && tlsSecret !== undefined ? await fromSecret(cluster, tlsSecret) : await fromDirectory(config.tlsDir);
  if (!cluster || webhookConfiguration === undefined) return show(material, undefined, at);
  const bundles = await readBundles(cluster, webhookConfiguration);
  if (bundles.kind === 'failed') throw new Error(bundles.why);
  return show(material, bundles.bundles, at);
}

async function fromSecret(cluster: KubeClient, secret: string): Promise<Material> {
  const [namespace = '', name = ''] = secret.split('/');
  const found = await namedSecret(cluster, namespace, name).read();
  if (found.kind === 'failed') throw new Error(found.why);
  if (found.kind === 'absent') throw new Error(`there is no Secret ${secret}`);
  const { data } = found;
  const part = (file: string): string => data[file] ?? '';
  return { from: `Secret ${secret}`, cert: part('tls.crt'), key: part('tls.key'), ca: part('ca.crt') };
}

async function fromDirectory(dir: string): Promise<Material> {
  const found = await readTlsDirectory(dir);
  if (!found.ok) throw new Error(found.error);
  return { from: dir, ca: '', ...found.value };
}

/** The table of a certificate and its authorities. `bundles` is undefined where no registration was asked for. */
export function show(material: Material, bundles: readonly Bundle[] | undefined, at: Date): CertsResult {
  const { from, cert, key, ca } = material;
  const leaf = parseCertificates(cert) && certificateBlocks(cert)[0];
  const authorities = parseCertificates(ca) ? certificateBlocks(ca) : [];
  const trusting = (pem: string): readonly string[] | undefined =>
    bundles?.filter((bundle) => isTrusted(pem, bundle.pem, at)).map(({ entry }) => entry);
  const rows = [
    ['WHAT', 'SUBJECT', 'ISSUER', 'EXPIRES', 'DAYS LEFT', ...(bundles ? ['TRUSTED BY'] : [])],
    ...(leaf === undefined ? [] : [row('leaf', leaf, trusting(cert), at)]),
    ...authorities.map((one) => row('CA', one, trusting(one), at)),
  ];
  const names = leaf === undefined ? [] : describeCertificate(leaf).names;
  const fault = findFault({ cert, key, ...(ca.trim() === '' ? {} : { ca }) }, at);
  const distrusting = (bundles ?? []).filter(({ pem }) => !isTrusted(cert, pem, at));
  return {
    output: [`${from}, for ${listed(names)}`, '', ...table(rows), ''].join('\n'),
    problems: [
      ...(fault ? [`${from}: ${faultMessage(fault)}`] : []),
      ...distrusting.map(({ entry }) => `caBundle of ${entry} does not vouch for the certificate`),
    ],
  };
}

function row(what: string, pem: string, trusting: readonly string[] | undefined, at: Date): readonly string[] {
  const { subject, issuer, expires } = describeCertificate(pem);
  const days = String(daysBetween(at, expiryOf(pem) ?? at));
  return [
    what,
    subject,
    issuer === subject ? 'itself' : issuer,
    expires,
    days,
    ...(trusting ? [listed(trusting)] : []),
  ];
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'nobody' : names.join(', ');
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0))) ?? [];
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return rows.map(line);
}
