import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import { isPlainPath } from '../api/paths.ts';
import { AuthoritySource } from '../certificates/authority-source.ts';
import { directorySource, fixedSource } from '../certificates/directory-source.ts';
import { CertificateKeeper } from '../certificates/keeper.ts';
import type { ServerCertificate } from '../certificates/server-certificate.ts';
import type { CertificateSource } from '../certificates/source.ts';
import { wallClockOf } from '../certificates/wall-clock.ts';
import type { KubeClient } from '../cluster/client/types.ts';
import { objectNameIn } from '../cluster/object-name.ts';
import { namedSecret } from '../cluster/secret-store.ts';
import { CaBundleWriter, type CaBundleWriterOptions } from '../cluster/webhook-configuration/ca-bundle.ts';
import type { Service } from '../cluster/webhook-configuration/drift.ts';
import type { Config } from '../config/config.ts';
import { millisecondsOf } from '../config/value-kinds.ts';
import { systemClock } from '../lib/clock.ts';
import { errorMessage } from '../lib/error-message.ts';
import { UsageError } from '../lib/usage-error.ts';
import type { WebhookServerOptions } from '../webhook/server.ts';

export interface Certificates {
  readonly keeper: CertificateKeeper;
  /** See `WebhookPaths.isOpen`; without a webhook configuration to keep, only plain paths are open. */
  readonly isPathOpen: WebhookServerOptions['isOpen'];
}

/** Creates the certificate keeper for the settings, or for a certificate that was issued already. Throws a UsageError if they refer to something that cannot be used. */
export async function openCertificates(
  config: Config,
  client: KubeClient | undefined,
  log: Logger,
  issued?: ServerCertificate,
): Promise<Certificates> {
  const { name, namespace, servername } = serviceOf(config);
  await readable(config.clientCa);
  const source = issued === undefined ? sourceOf(config, client, servername) : fixedSource(issued);
  const service = { name, namespace, revision: config.revision, writesPaths: source.isShared };
  const caBundle = openCaBundle(config, client, { service, logger: log, settleMs: source.propagationMs });
  const isPathOpen = caBundle === undefined ? isPlainPath : (path: string) => caBundle.paths.isOpen(path);
  const { clientCa } = config;
  const keeper = new CertificateKeeper({ source, caBundle, servername, clientCa, log, clock: wallClockOf(client) });
  caBundle?.start(() => void keeper.check());
  // An authority may be created later, but a directory that cannot be used is a configuration error.
  if (!source.isShared) await keeper.check();
  if (source.isShared || keeper.hasCertificate()) return { keeper, isPathOpen };
  await keeper.stop();
  throw new UsageError([keeper.problem() ?? 'there is no certificate']);
}

function serviceOf({ service = '.' }: Config): Service & { readonly servername: string } {
  const [name = '', namespace = ''] = service.split('.');
  return { name, namespace, servername: `${name}.${namespace}.svc` };
}

async function readable(file: string | undefined): Promise<void> {
  if (file === undefined) return;
  try {
    await readFile(file);
  } catch (error) {
    throw new UsageError([`clientCa: ${errorMessage(error)}`]);
  }
}

function openCaBundle(
  { webhookConfiguration }: Config,
  client: KubeClient | undefined,
  options: Omit<CaBundleWriterOptions, 'client' | 'name'>,
): CaBundleWriter | undefined {
  if (webhookConfiguration === undefined) return undefined;
  if (client) return new CaBundleWriter({ ...options, client, name: webhookConfiguration });
  throw new UsageError([
    'tlsSecret and webhookConfiguration require a cluster: not running in a pod, and no kubeconfig given',
  ]);
}

function sourceOf(config: Config, client: KubeClient | undefined, servername: string): CertificateSource {
  const { tlsSecret, leafLifetime, caLifetime } = config;
  if (!client || tlsSecret === undefined) return directorySource(config.tlsDir);
  const { namespace, name } = objectNameIn(tlsSecret);
  return new AuthoritySource({
    store: namedSecret(client, namespace, name),
    // The first is the name that the API server uses.
    names: [servername, `${servername}.cluster.local`, servername.replace(/\.svc$/, '')],
    leafLifetime: millisecondsOf(leafLifetime),
    authorityLifetime: millisecondsOf(caLifetime),
    clock: systemClock,
  });
}
