import { readTlsDirectory } from '../../certificates/directory.ts';
import { readBundles } from '../../cluster/webhook-configuration/entries.ts';
import type { Config } from '../../config/config.ts';
import { userKubeconfig } from '../../config/user-environment.ts';
import type { Identity } from '../../cluster/client/credentials.ts';
import { requireCluster } from '../../server/cluster.ts';
import type { CommandResult } from '../command-result.ts';
import { dataOutput } from '../data-output.ts';
import { type CertificateFiles, type CertificateReport, certificateReport, reportLines } from './report.ts';
import { readCertificateSecret } from './secret.ts';

export type CertsOutput = 'text' | 'json' | 'yaml';

/** Reports the certificate that the flags or the variables of a server name, and the webhook entries that trust it. */
export async function namedCerts(
  config: Pick<Config, 'tlsDir' | 'tlsSecret' | 'webhookConfiguration' | 'kubeconfig'>,
  { output, ...identity }: Identity & { readonly output: CertsOutput },
  at: Date,
): Promise<CommandResult> {
  const { tlsSecret, webhookConfiguration } = config;
  const needsCluster = tlsSecret !== undefined || webhookConfiguration !== undefined;
  const remedy = 'use --kubeconfig FILE or run in a pod';
  const client = needsCluster ? await requireCluster(userKubeconfig(config.kubeconfig), remedy, identity) : undefined;
  const files =
    client && tlsSecret !== undefined
      ? await readCertificateSecret(client, tlsSecret)
      : await readDirectory(config.tlsDir);
  if (!client || webhookConfiguration === undefined)
    return certsResult([certificateReport(files, undefined, at)], output);
  const bundles = await readBundles(client, webhookConfiguration);
  if (!bundles.ok) throw new Error(bundles.error);
  return certsResult([certificateReport(files, bundles.value, at)], output);
}

async function readDirectory(dir: string): Promise<CertificateFiles> {
  const found = await readTlsDirectory(dir);
  if (!found.ok) throw new Error(found.error);
  return { from: dir, ca: '', ...found.value };
}

/** Exit code 1 if a certificate is invalid or not trusted. */
export function certsResult(reports: readonly CertificateReport[], output: CertsOutput): Required<CommandResult> {
  const problems = reports.flatMap((report) => report.problems);
  return {
    output:
      output === 'text'
        ? { kind: 'lines', lines: reports.flatMap((one, index) => [...(index > 0 ? [''] : []), ...reportLines(one)]) }
        : dataOutput(output, { reports }),
    messages: output === 'text' ? problems.map((problem) => `agent-injector: ${problem}`) : [],
    exitCode: problems.length === 0 ? 0 : 1,
  };
}
