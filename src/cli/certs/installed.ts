import { describeFailure } from '../../cluster/client/errors.ts';
import type { KubeClient } from '../../cluster/client/types.ts';
import { readOnce } from '../../cluster/one-shot.ts';
import type { ObjectName } from '../../cluster/object-name.ts';
import { caBundleOf, WEBHOOK_CONFIGURATIONS } from '../../cluster/webhook-configuration/entries.ts';
import { certificateBlocks, parseCertificates } from '../../certificates/server-certificate.ts';
import { ownEntries } from '../../diagnostics/webhook-match.ts';
import { type JsonObject, objectIn, objectsIn, textIn } from '../../lib/json.ts';
import { type ClusterOptions, openUserCluster } from '../../server/cluster.ts';
import type { CommandResult } from '../command-result.ts';
import { serviceOf } from '../installed-settings.ts';
import { certsResult, type CertsOutput } from './certs.ts';
import { type CaBundle, type CertificateReport, certificateReport } from './report.ts';
import { readCertificateSecret } from './secret.ts';

/** Reports the certificates of the installed servers, which are found as the other commands find them. */
export async function installedCerts(
  options: ClusterOptions & { readonly output: CertsOutput },
  at: Date,
): Promise<CommandResult> {
  const client = await openUserCluster(options);
  const answer = await readOnce(client, WEBHOOK_CONFIGURATIONS);
  if (answer.kind !== 'ok') throw new Error(`cannot list webhook configurations: ${describeFailure(answer)}`);
  const reports = await certificateReports(client, objectsIn(answer.body, 'items'), at);
  if (reports.length === 0)
    throw new Error('agent-injector is not installed in this cluster; for a directory use --tls-dir DIR');
  return certsResult(reports, options.output);
}

/** One report for each configuration with entries of agent-injector. */
export function certificateReports(
  client: KubeClient,
  configurations: readonly JsonObject[],
  at: Date,
): Promise<readonly CertificateReport[]> {
  const own = configurations.filter((one) => ownEntries(one).length > 0);
  return Promise.all(own.map((one) => reportOf(client, one, at)));
}

async function reportOf(client: KubeClient, configuration: JsonObject, at: Date): Promise<CertificateReport> {
  const bundles = ownEntries(configuration).map((entry) => ({ entry: textIn(entry, 'name'), pem: caBundleOf(entry) }));
  const service = serviceOf(configuration);
  const name = `webhook configuration ${textIn(objectIn(configuration, 'metadata'), 'name')}`;
  if (!service) return authoritiesOnly(name, bundles, at);
  const secret = await secretNameOf(client, service);
  const found = await readCertificateSecret(client, secret).catch(() => undefined);
  return found ? certificateReport(found, bundles, at) : authoritiesOnly(name, bundles, at);
}

/** Where the Secret cannot be read, what callers trust is all that is known. */
function authoritiesOnly(from: string, bundles: readonly CaBundle[], at: Date): CertificateReport {
  const all = [...new Set(bundles.map(({ pem }) => pem))].filter((pem) => parseCertificates(pem));
  const [first = ''] = all;
  if (first === '') {
    const problem = `${from} has no caBundle: unless the certificate is publicly trusted, every call fails`;
    return { from, names: [], certificates: [], problems: [problem] };
  }
  const ca = [...new Set(all.flatMap(certificateBlocks))].join('\n');
  const { certificates } = certificateReport({ from, cert: '', key: '', ca }, bundles, at);
  const expired = certificates.filter(({ daysLeft }) => daysLeft < 0);
  return {
    from: `${from} (the Secret of the certificate cannot be read)`,
    names: [],
    certificates,
    problems: expired.length === certificates.length ? [`${from}: every CA in caBundle has expired`] : [],
  };
}

/** `NAMESPACE/NAME` of the Secret: that of the Deployment if it can be read, else the name that the chart gives it. */
async function secretNameOf(client: KubeClient, { namespace, name }: ObjectName): Promise<string> {
  const answer = await readOnce(client, `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`);
  const pod = answer.kind === 'ok' ? objectIn(objectIn(objectIn(answer.body, 'spec'), 'template'), 'spec') : {};
  const sources = objectsIn(pod, 'volumes').flatMap((one) => objectsIn(objectIn(one, 'projected'), 'sources'));
  const mounted = sources.map((one) => textIn(objectIn(one, 'secret'), 'name')).find((one) => one !== '');
  return `${namespace}/${mounted ?? `${name}-tls`}`;
}
