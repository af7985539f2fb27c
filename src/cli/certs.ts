import { daysBetween, describeCertificate, expiryOf } from '../certificates/describe.ts';
import { readTlsDirectory } from '../certificates/directory.ts';
import { faultMessage } from '../certificates/faults.ts';
import { certificateBlocks, findFault, isTrusted, parseCertificates } from '../certificates/server-certificate.ts';
import type { KubeClient } from '../cluster/client/types.ts';
import { namedSecret } from '../cluster/secret-store.ts';
import { readBundles } from '../cluster/webhook-configuration/entries.ts';
import type { Config } from '../config/config.ts';
import { requireCluster } from '../server/cluster.ts';
import type { CommandResult } from './command-result.ts';
import { formatTable } from './format.ts';

interface CertificateFiles {
  readonly from: string;
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

interface CaBundle {
  readonly entry: string;
  readonly pem: string;
}

/** Reports the serving certificate, its authorities, and the webhook entries that trust them. */
export async function certs(
  config: Pick<Config, 'tlsDir' | 'tlsSecret' | 'webhookConfiguration' | 'kubeconfig'>,
  at: Date,
): Promise<CommandResult> {
  const { tlsSecret, webhookConfiguration } = config;
  const needsCluster = tlsSecret !== undefined || webhookConfiguration !== undefined;
  const remedy = 'use --kubeconfig FILE or run in a pod';
  const client = needsCluster ? await requireCluster(config.kubeconfig, remedy) : undefined;
  const files =
    client && tlsSecret !== undefined ? await readSecret(client, tlsSecret) : await readDirectory(config.tlsDir);
  if (!client || webhookConfiguration === undefined) return certificateReport(files, undefined, at);
  const bundles = await readBundles(client, webhookConfiguration);
  if (!bundles.ok) throw new Error(bundles.error);
  return certificateReport(files, bundles.value, at);
}

async function readSecret(client: KubeClient, secret: string): Promise<CertificateFiles> {
  const [namespace = '', name = ''] = secret.split('/');
  const found = await namedSecret(client, namespace, name).read();
  if (found.kind === 'failed') throw new Error(found.why);
  if (found.kind === 'absent') throw new Error(`Secret ${secret} not found`);
  const { data } = found;
  const part = (file: string): string => data[file] ?? '';
  return { from: `Secret ${secret}`, cert: part('tls.crt'), key: part('tls.key'), ca: part('ca.crt') };
}

async function readDirectory(dir: string): Promise<CertificateFiles> {
  const found = await readTlsDirectory(dir);
  if (!found.ok) throw new Error(found.error);
  return { from: dir, ca: '', ...found.value };
}

/** `bundles` is undefined if no webhook configuration is given. */
export function certificateReport(
  { from, cert, key, ca }: CertificateFiles,
  bundles: readonly CaBundle[] | undefined,
  at: Date,
): Required<CommandResult> {
  const leaf = parseCertificates(cert) && certificateBlocks(cert)[0];
  const authorities = parseCertificates(ca) ? certificateBlocks(ca) : [];
  const trustedBy = (pem: string): readonly string[] | undefined =>
    bundles?.filter((bundle) => isTrusted(pem, bundle.pem, at)).map(({ entry }) => entry);
  const rows = [
    ['TYPE', 'SUBJECT', 'ISSUER', 'EXPIRES', 'DAYS LEFT', ...(bundles ? ['TRUSTED BY'] : [])],
    ...(leaf === undefined ? [] : [row('leaf', leaf, trustedBy(cert), at)]),
    ...authorities.map((one) => row('CA', one, trustedBy(one), at)),
  ];
  const names = leaf === undefined ? [] : describeCertificate(leaf).names;
  const fault = findFault({ cert, key, ...(ca.trim() === '' ? {} : { ca }) }, at);
  const distrusting = (bundles ?? []).filter(({ pem }) => !isTrusted(cert, pem, at));
  const problems = [
    ...(fault ? [`${from}: ${faultMessage(fault)}`] : []),
    ...distrusting.map(({ entry }) => `${entry}: its caBundle does not trust the certificate`),
  ];
  return {
    output: { kind: 'lines', lines: [`${from}: certificate for ${listed(names)}`, '', ...formatTable(rows)] },
    messages: problems.map((problem) => `agent-injector: ${problem}`),
    exitCode: problems.length === 0 ? 0 : 1,
  };
}

function row(type: string, pem: string, trustedBy: readonly string[] | undefined, at: Date): readonly string[] {
  const { subject, issuer, expires } = describeCertificate(pem);
  const days = String(daysBetween(at, expiryOf(pem) ?? at));
  return [
    type,
    subject,
    issuer === subject ? 'self-signed' : issuer,
    expires,
    days,
    ...(trustedBy ? [listed(trustedBy)] : []),
  ];
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}
